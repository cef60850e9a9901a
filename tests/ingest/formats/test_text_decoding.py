"""Encodings: marks, labels as browsers take them, undeclared ones by their letters; stray bytes spoil nothing."""

import pytest

from catena.ingest.formats.charsets import guess
from catena.ingest.formats.text_decoding import decode, decode_markup

RUSSIAN = "Мельница стоит у реки. Мельник берёт за помол три рубля и пять копеек.\n"
TEXTS = {
    "ru": RUSSIAN,
    "uk": "Млин стоїть біля річки. Мірошник бере за помел п'ять гривень.\n",
    "el": "Ο μύλος βρίσκεται δίπλα στο ποτάμι και ο μυλωνάς παίρνει τρία ευρώ.\n",
    "he": "הטחנה עומדת ליד הנהר והטוחן גובה שלושה שקלים.\n",
    "ar": "تقع الطاحونة بجانب النهر ويأخذ الطحان ثلاثة دراهم.\n",
    "tr": "Değirmen ırmağın kıyısında; değirmenci üç kuruş ücret alıyor, çünkü öğütmek güç iş.\n",
    "pl": "Młyn stoi nad rzeką, a młynarz bierze trzy złote za każdą ćwiartkę żyta. Źródło płynie łąką.\n",
    "cs": "Mlýn stojí u řeky. Mlynář bere tři zlaté za každý měřici žita, i když je ještě čas žní.\n",
    "hu": "A malom a folyó mellett áll, és a molnár őrlésért három forintot kér; az őszi eső sűrűn hull.\n",
    "de": "Die Mühle steht am Fluß. Der Müller verlangt für das Mahlen drei Gulden, wenn die Körner schön groß sind.\n",
    "fr": "Le moulin est près de la rivière. Le meunier a été payé : ça coûte déjà très cher, où qu'on aille.\n",
    "th": "โรงสีตั้งอยู่ริมแม่น้ำ คนสีข้าวคิดค่าจ้างสามบาท\n",
    "vi": "cối xay",
    "ja": "水車小屋は川のそばにあります。粉ひきは三円を取ります。\n",
    "zh": "磨坊在河边。磨坊主人收三块钱,冬天不开门。\n",
    "tw": "磨坊在河邊。磨坊主人收三塊錢,冬天不開門。\n",
    "ko": "물레방아는 강가에 있습니다. 방앗간 주인은 삼 원을 받습니다.\n",
}


@pytest.mark.parametrize(
    ("language", "codec"),
    [
        ("ru", "cp1251"), ("ru", "koi8-r"), ("ru", "cp866"), ("ru", "iso8859-5"), ("uk", "cp1251"),
        ("el", "cp1253"), ("el", "iso8859-7"), ("he", "cp1255"), ("ar", "cp1256"), ("tr", "cp1254"),
        ("pl", "cp1250"), ("pl", "iso8859-2"), ("cs", "cp1250"), ("hu", "cp1250"), ("de", "cp1252"),
        ("de", "cp437"), ("de", "mac-roman"), ("fr", "cp1252"), ("fr", "mac-roman"), ("th", "cp874"),
        ("ja", "cp932"), ("ja", "euc-jp"), ("ja", "iso2022_jp"), ("zh", "gbk"), ("tw", "big5"), ("ko", "cp949"),
        ("ja", "utf-16-le"), ("zh", "utf-16-be"), ("ru", "utf-16-le"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("times", [1, 20])
def test_undeclared_text_is_read_right(language: str, codec: str, times: int) -> None:
    text = TEXTS[language] * times
    assert decode(text.encode(codec)).text == text


def test_a_guess_is_told() -> None:
    assert decode(RUSSIAN.encode("cp1251")).note == "read as windows-1251, guessed"
    assert "save it as UTF-8" in decode("Der Müller".encode("cp1252")).note
    assert decode(RUSSIAN.encode()).note == ""


def test_a_guess_of_few_letters_is_not_sure() -> None:
    assert guess("Müller".encode("cp1252")) == ("cp1252", False)


@pytest.mark.parametrize(
    ("good", "stray"),
    [
        ("Žluťoučký kůň úpěl ďábelské ódy.\n" * 20, "Deuxième façade œuvre\n" * 3),
        ("Naïve café — première ligne.\n" * 3, "œuvre\n"),
        ("Мельница стоит.\n" * 4, "“quoted”\n" * 3),
        ("水車小屋\n", "é"),
    ],
)
def test_stray_bytes_do_not_spoil_a_utf8_file(good: str, stray: str) -> None:
    assert decode(good.encode() + stray.encode("cp1252") + good.encode()).text == good + stray + good


@pytest.mark.parametrize(
    ("label", "codec", "text"),
    [
        ("gb2312", "gb18030", "朱镕基㐀"), ("x-sjis", "cp932", "①㈱髙"), ("shift_jis", "cp932", "～髙橋"),
        ("euc-kr", "cp949", "똠방각하"), ("big5", "big5hkscs", "佢哋喺"), ("iso-8859-9", "cp1254", "“ışık”"),
        ("iso-8859-1", "cp1252", "“5 €”"), ("windows-31j", "cp932", "髙"),
        ("x-mac-cyrillic", "mac-cyrillic", "Мельник"),
        ("logical", "iso8859-8", "שלום"), ("tis-620", "cp874", "โรงสี"), ("utf8", "utf-8", "é"),
    ],
)  # fmt: skip
def test_labels_mean_what_browsers_take_them_for(label: str, codec: str, text: str) -> None:
    markup = f"<html><head><meta charset='{label}'></head><body>{text}"
    assert decode_markup(markup.encode(codec)).text.endswith(text)


@pytest.mark.parametrize(
    "declaration",
    [
        "<?xml version='1.0' encoding='windows-1251'?><html>",
        "<meta http-equiv=content-type content='text/html; charset=windows-1251'>",
        "<!-- " + "x" * 5000 + " --><meta charset=windows-1251>",
        "<script>" + "y" * 30_000 + "</script><meta name=a charset=windows-1251>",
    ],
)
def test_a_declaration_counts_wherever_it_stands(declaration: str) -> None:
    assert decode_markup(f"{declaration}<p>Да, №5.".encode("cp1251")).text.endswith("<p>Да, №5.")


@pytest.mark.parametrize("label", ["utf-8", "utf-16", "nonsense"])
def test_a_wrong_label_does_not_hide_the_text(label: str) -> None:
    markup = f"<meta charset='{label}'><p>Café Zürich, 50 € entrée déjà payée, à côté.".encode("cp1252")
    assert decode_markup(markup).text.endswith("Café Zürich, 50 € entrée déjà payée, à côté.")


def test_one_letter_outside_the_set_does_not_spoil_a_declared_page() -> None:
    markup = b"<meta charset=gb2312>" + "磨坊在河边".encode("gbk") * 20 + b"\xff" + b"</p>"
    assert "磨坊在河边" in decode_markup(markup).text


@pytest.mark.parametrize("data", [b"", b"\xff", b"\x80", bytes(range(256)), b"\xff" * 5000, b"\x1b$B\xff"])
def test_any_bytes_become_text(data: bytes) -> None:
    decode(data).text.encode("utf-8", "surrogateescape")
