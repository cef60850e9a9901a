"""`catena serve` and `catena mcp`: the library over HTTP and MCP, with the proof of each sentence."""
