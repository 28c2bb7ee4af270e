"""Texts without what has no language: code, addresses, file names. Prose in a code fence is not code. Our choice."""

import re

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.MULTILINE)
_INLINE = re.compile(r"``([^`\n]{1,500})``|`([^`\n]{1,500})`")
_LINK = re.compile(r"\[([^\][\n]{0,300})\]\([^()\s]{1,2000}\)")
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,10}://|www\.)[^\s<>\"'`]{1,2000}|[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,5}"
)
_TAG = re.compile(
    r"</?(?:a|b|br|code|details|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul)"
    r"(?:\s[^<>\n]{0,200})?/?>|</?[A-Za-z][A-Za-z0-9_:-]{0,40}/?>|<\|\w{1,40}\|>"
)
_FILE = re.compile(
    r"(?<![\w/.])(?:[\w.-]{0,60}/){0,9}[\w.-]{0,60}\w\.(?:csv|tsv|txt|json|jsonl|ya?ml|xml|html?|css|md|tex|pdf|png|jpe?g|gif|svg"
    r"|docx?|xlsx?|pptx?|zip|gz|py|ipynb|js|ts|java|cpp|hpp|rs|go|rb|sh|sql|php)(?![\w.])"
)
_KEYWORD = re.compile(r"^[ \t]*(?:else|try|end|return|while True)\b", re.MULTILINE)
_KEYWORDS = ("else", "try", "end", "return", "while True")
_EXTENSION = re.compile(r"\.[a-z]{2,5}\b")
_WORD = re.compile(r"[^\W\d_]{2,}")

# A line of a program: definitions, loops and conditions, imports, calls, assignments of at most two words.
_NAME = r"[A-Za-z_][\w.]{0,60}(?:\[[^\]\n]{0,60}\])?"
_CODE = re.compile(
    rf"""\s*(?:
      (?:async\s+)?(?:def|function|func|fn)\s+\w+\s*\(.*
    | class\s+\w+\s*(?:\([^)\n]*\))?\s*[:{{].*
    | (?:public|private|static|void|int|float|double)\s+[\w<>\[\]\s]{{1,60}}(?:\(.*|;)
    | (?:import|from)\s+[\w.]+(?:\s+import\s+[\w.*,\s]+)?(?:\s+as\s+\w+)?\s*;?
    | import\b.*\bfrom\s+["'].* | for\s*\([^)]*\).*;
    | \#\s*include\b.* | using\s+[\w:.\s]+;
    | (?:for|while|if|elif|switch|with)\b.*[:{{]\s*(?:{_NAME}\s*[-+*/]?=.*|\w+\(.*|)
    | (?:else|try|finally|do)\s*[:{{] | (?:except|catch)\b.*[:{{]
    | (?:if|for|while)\s*\([^{{}}]*\)\s*\{{[^{{}}]*;?\s*\}}
    | (?:SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\b.*\bSET|DELETE\s+FROM|CREATE\s+TABLE)\b.*
    | return\b[^.!?]*[=+*/%()\[\]"';_-][^.!?]* | return(?:\s+\w+)?;?
    | (?:(?:const|let|var|auto|int|float|double|final|val)\s+)?{_NAME}\s*(?:[-+*/%]|//|\*\*)?=(?!=)\s*(?P<value>.*)
    | {_NAME}\s*\((?P<arguments>.*)\)\s*;?
    | (?P<json>\{{\s*"[^"\n]{{0,60}}"\s*:.*|"[\w -]{{1,60}}"\s*:.*[\d"\]\[{{}}el],?)
    | >>>.* | \$\s\w.* | [\]\[{{}}();,\s]+
    )\s*""",
    re.VERBOSE,
)
# Four words in a row with nothing but punctuation between them, or six letters of a script that writes no blanks.
_PROSE = re.compile(r"(?:[^\W\d_]+[,.;:!?'’-]?\s+){3}[^\W\d_]+|[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]{6}")
_COMPREHENSION = re.compile(r"[(\[{].*\bfor \w+(?:, ?\w+)? in \w.*[)\]}];?")
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")


def strip_code(text: str) -> str:
    """The text with a blank for each line and each piece of code, each address and file name; linear time.

    Of a code fence the lines that are prose stay, and comments where the fence holds nothing else.
    """
    if not _may_hold_code(text):
        return text
    if "`" in text or "~~~" in text:
        parts = _FENCE.split(text)
        parts[1::2] = [_strip_fence(part) for part in parts[1::2]]
        text = _INLINE.sub(_strip_inline, "\n".join(parts))
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = "\n".join("" if _is_code(line) else line for line in text.split("\n"))
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "://" in text or "www." in text or "@" in text:
        text = _ADDRESS.sub(" ", text)
    return _FILE.sub(" ", text) if _EXTENSION.search(text) else text


def _may_hold_code(text: str) -> bool:
    """Whether a text has a sign of code, an address or a file name. Most texts are plain, so this has to be cheap: `in`
    is ten times as fast as a regex."""
    return (
        ("`" in text or "=" in text or "(" in text or "{" in text or ";" in text or "@" in text)
        or ("<" in text or "/" in text or "~" in text or "www." in text or "import" in text or "include" in text)
        or '":' in text
        or (text.find(".", 0, -1) >= 0 and _EXTENSION.search(text) is not None)
        or (("\n" in text or text.lstrip().startswith(_KEYWORDS)) and _KEYWORD.search(text) is not None)
    )


def _is_code(line: str) -> bool:
    if len(line) > 1000 or not (match := _CODE.fullmatch(line)):
        return False
    if match["json"]:
        return not _PROSE.search(match["json"])
    # Code may quote a sentence; an equation in words (`total = the price of all`) is not code.
    if match["arguments"]:
        return not _PROSE.search(_QUOTED.sub("", match["arguments"]))
    value = _QUOTED.sub("", match["value"] or "")
    return len(_WORD.findall(value)) <= 2 or _COMPREHENSION.search(value) is not None


def _strip_fence(block: str) -> str:
    lines = [line for line in block.split("\n") if line.strip()]
    comments = [line for line in lines if line.lstrip().startswith(("#", "//", "--"))]
    prose = [line for line in lines if line not in comments and not _is_code(line) and _PROSE.search(line)]
    return "\n".join(prose or (comments if len(comments) == len(lines) else []))


def _strip_inline(match: re.Match[str]) -> str:
    piece = match[1] or match[2]
    return f" {piece} " if not _is_code(piece) and _PROSE.search(piece) else " "
