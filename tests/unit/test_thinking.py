"""Where thinking ends: the tags of every family in every writing, several blocks, and tags that are only spoken of."""

from itertools import product

import pytest

from vernacular.language.prompts import CHAT_TEMPLATE, split_completion
from vernacular.language.thinking import FAMILIES, families_in, template_family
from vernacular.study.check import CHAT_TEMPLATES

BOX = "\\boxed{18}"
MENTIONS = {
    "en": [
        "I should close with </think> when I am done.",
        "The user wrote <think> and </think> here.",
        'It is "</think>".',
    ],
    "fr": ["La balise </think> termine la pensée.", "On écrit « </think> » à la fin.", "Avec </think>, je finis."],
    "de": ["Das Zeichen </think> kommt am Ende.", "Ich schreibe „</think>“ erst am Schluss.", "Ein </think>-Tag."],
    "es": ["Debo cerrar con </think> al final.", "¿Es </think>? Sí."],
    "it": ["Devo chiudere con </think> alla fine."],
    "pt": ["Devo fechar com </think> no fim."],
    "nl": ["Ik sluit af met </think> als ik klaar ben."],
    "pl": ["Zamknę to znacznikiem </think> na końcu."],
    "tr": ["Sonunda </think> etiketini yazacağım."],
    "vi": ["Tôi sẽ đóng bằng thẻ </think> khi xong."],
    "sw": ["Nitafunga kwa </think> mwishoni."],
    "ru": ["Я закрою тегом </think> в конце."],
    "bg": ["Ще затворя с </think> накрая."],
    "el": ["Θα κλείσω με </think> στο τέλος."],
    "ar": ["سأغلق بالوسم </think> في النهاية."],
    "ur": ["میں آخر میں </think> لکھوں گا۔"],
    "hi": ["मैं अंत में </think> लिखूँगा।"],
    "bn": ["আমি শেষে </think> লিখব।"],
    "te": ["చివర </think> రాస్తాను."],
    "th": ["ฉันจะปิดด้วย </think> เมื่อเสร็จ"],
    "ja": ["最後に「</think>」と書きます。", "タグ</think>を最後に書く。", "最後に </think> と書きます。"],
    "zh": ["最后用“</think>”结束。", "我用</think>来结束思考。"],
    "ko": ["마지막에 </think>를 씁니다.", "끝에 '</think>'를 씁니다."],
}
SPOKEN = [mention for mentions in MENTIONS.values() for mention in mentions]
BETWEEN = ["\n", "", "\n\n", "\r\n", " "]
TRACES = ["Elle vend neuf œufs.", "9*2 = 18", "她卖九个鸡蛋。", "- un\n- deux", "**Total**", "(neuf)"]
RESPONSES = [BOX, "18", "La réponse est 18.", "**18**", "# Fin\n18", "<answer>18</answer>", "`18`"]
PLAIN = [name for name in FAMILIES if name != "harmony"]


def both(text: str, family: str) -> str:
    """A mention of <think> as one of another family's tags."""
    opening, ending = FAMILIES[family]
    return text.replace("<think>", opening).replace("</think>", ending)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("opened", [True, False])
def test_every_family_in_every_writing(family: str, opened: bool) -> None:
    """With and without an opening tag, since templates put it into the prompt."""
    opening, ending = FAMILIES[family]
    for between, trace, response in product(BETWEEN, TRACES, RESPONSES):
        text = (opening + between if opened else "") + between.join([trace, ending, response])
        assert split_completion(text, family) == (trace, response), text
        assert set(families_in(text)) == {family}, text
        for sign in "/>":  # `</think >`
            assert split_completion(text.replace(ending, ending.replace(sign, f" {sign}")), family)[1] == response
        if family != "harmony":
            loud = text.replace(opening, opening.upper()).replace(ending, ending.upper())
            assert split_completion(loud, family) == (trace, response), loud


@pytest.mark.parametrize("family", PLAIN)
@pytest.mark.parametrize("mention", SPOKEN)
def test_a_tag_that_is_spoken_of_is_no_end(family: str, mention: str) -> None:
    opening, ending = FAMILIES[family]
    said = both(mention, family)
    assert split_completion(f"{opening}\n{said}\nNeuf.\n{ending}\n{BOX}", family) == (f"{said}\nNeuf.", BOX)
    assert split_completion(f"Neuf.\n{ending}\n{said}\n{BOX}", family) == ("Neuf.", f"{said}\n{BOX}")
    assert split_completion(f"{opening}\n{said}\nNeuf. {BOX}", family) == ("", "")
    assert split_completion(f"{said} {BOX}", family) == ("", "") and not families_in(said)


@pytest.mark.parametrize(
    "quoted", ["`</think>`", "```\n</think>\n```", "(</think>)", "'</think>'", "**</think>**", "<think>/</think>"]
)
def test_quoted_tags(quoted: str) -> None:
    assert split_completion(f"Je dis {quoted} ici.\n</think>\n{BOX}") == (f"Je dis {quoted} ici.", BOX)
    assert split_completion(f"Je dis {quoted} ici. {BOX}") == ("", "")


@pytest.mark.parametrize("family", FAMILIES)
def test_several_blocks(family: str) -> None:
    o, c = FAMILIES[family]
    for text, trace in {
        f"{o}\nA.\n{c}\n{o}\nB.\n{c}\n{BOX}": "A.\nB.",
        f"{o}A.{c}{o}B.{c}{BOX}": "A.\nB.",
        f"A.\n{c}\n{o}\nB.\n{c}\n{BOX}": "A.\nB.",
        f"{o}\nA.\n{c}\nDonc 17.\n{o}\nB.\n{c}\n{BOX}": "A.\nDonc 17.\nB.",
        f"{o}\nA.\n{c}\n<thinking>\nB.\n</thinking>\n{BOX}": "A.\nB.",
        f"{o}\n{o}\nA.\n{c}\n{c}\n{BOX}": "A.",
        f"Voici :\n{o}\nA.\n{c}\n{BOX}": "Voici :\nA.",
        f"{o}\n\n{c}\n\n{BOX}": "",
        f"{c}{BOX}": "",
    }.items():
        assert split_completion(text, family) == (trace, BOX), text


@pytest.mark.parametrize("family", FAMILIES)
def test_thinking_that_never_ends_has_neither_trace_nor_response(family: str) -> None:
    o, c = FAMILIES[family]
    for text in (f"{o}\nA. {BOX}", o, f"A. {BOX}", "", f"{o}\nA.\n{c}\n{o}\nB. {BOX}", f"{o}\nA.\n{c}\n{BOX}\n{o}\nB."):
        assert split_completion(text, family) == ("", ""), text
    assert split_completion(f"{o}\nA.\n{c}", family) == ("A.", "")


@pytest.mark.parametrize(
    "text",
    [
        "<|channel|>analysis<|message|>A.<|end|><|start|>assistant<|channel|>final<|message|>\\boxed{18}<|return|>",
        "<|start|>assistant<|channel|>analysis<|message|>A.<|end|>\n<|start|>assistant<|channel|>final<|message|>\\boxed{18}",
        "A.<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>\\boxed{18}<|end|>",
        "analysisA.assistantfinal\\boxed{18}",
    ],
)
def test_channels(text: str) -> None:
    assert split_completion(text, "harmony") == ("A.", BOX) and set(families_in(text)) == {"harmony"}


@pytest.mark.parametrize(
    ("opening", "ending"),
    [
        ('<think lang="fr">', "</think>"),
        ("<thinking depth=2 >", "</thinking>"),
        ("&lt;think&gt;", "&lt;/think&gt;"),
        ("<think>", "<\\/think>"),
    ],
)
def test_tags_with_attributes_and_escaped_ones(opening: str, ending: str) -> None:
    text = f"{opening}\nNeuf.\n{ending}\n{BOX}"
    [family] = families_in(text)
    assert split_completion(text, family) == ("Neuf.", BOX)
    assert families_in(f"{opening}\nNeuf. {BOX}") == {family: 2}
    assert families_in("si x < think et y > 3, 5 < 7/think") == {}


def test_further_messages_of_harmony_are_thinking() -> None:
    more = "<|start|>assistant<|channel|>commentary to=functions.x<|message|>"
    text = f"<|channel|>analysis<|message|>A.<|end|>{more}B.<|end|><|start|>assistant<|channel|>final<|message|>{BOX}"
    assert split_completion(text, "harmony") == ("A.\nB.", BOX)


@pytest.mark.parametrize(
    ("text", "trace", "response"),
    [
        (f"Neuf.\nDonc {BOX}.", f"Neuf.\nDonc {BOX}.", f"Donc {BOX}."),
        (f"Neuf. {BOX}\nVoilà !", f"Neuf. {BOX}\nVoilà !", f"Neuf. {BOX}\nVoilà !"),
        ("Neuf.\n\n#### 18\n\n", "Neuf.\n\n#### 18", "#### 18"),
        ("Neuf.\n<answer>\n18\n</answer>", "Neuf.\n\n18", "<answer>\n18\n</answer>"),
        (f"Neuf.\n\\[\n{BOX}\n\\]", f"Neuf.\n\\[\n{BOX}\n\\]", f"{BOX}\n\\]"),
        ("Neuf.\n**18**\n---", "Neuf.\n**18**\n---", "**18**\n---"),
        ("Neuf.\n18<|im_end|>", "Neuf.\n18", "18"),
        ("18", "18", "18"),
        ("", "", ""),
    ],
)
def test_a_model_that_marks_no_trace(text: str, trace: str, response: str) -> None:
    assert split_completion(text, None) == (trace, response)


@pytest.mark.parametrize(
    "token",
    [
        *("<|im_end|>", "</s>", "<|eot_id|>", "<｜end▁of▁sentence｜>", "<|endoftext|>\n<|im_end|>\n"),
        *("[|endofturn|]", "<turn|>"),
    ],
)
def test_tokens_that_end_a_turn_are_left_out(token: str) -> None:
    assert split_completion(f"Neuf.\n</think>\n{BOX}{token}") == ("Neuf.", BOX)


@pytest.mark.parametrize(
    "header",
    [
        *("<|im_start|>assistant\n", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<start_of_turn>model\n"),
        *("assistant\n\n", "<s>", "<bos><|turn>model\n", "<|assistant|>\n", "<｜Assistant｜>", "[|assistant|]"),
    ],
)
def test_what_begins_a_turn_is_left_out(header: str) -> None:
    assert split_completion(f"{header}<think>\nNeuf.\n</think>\n{BOX}") == ("Neuf.", BOX)
    assert split_completion(f"{header}Neuf.\n{BOX}", None) == (f"Neuf.\n{BOX}", BOX)
    assert split_completion("assistant maternel\n18", None)[0] == "assistant maternel\n18"


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        *(("<|begin_of_solution|>", "<|end_of_solution|>"), ("<|START_RESPONSE|>", "<|END_RESPONSE|>")),
        *(("<solution>", "</solution>"), ("<Output>", "</Output>"), ("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]")),
    ],
)
def test_a_solution_without_its_tags(begin: str, end: str) -> None:
    assert split_completion(f"A.\n</think>\n{begin}\n\n18\n\n{end}") == ("A.", "18")
    assert split_completion(f"A.\n{begin}\n18\n{end}", None) == ("A.\n\n18", "18")


def test_the_chat_template_tells_the_family() -> None:
    assert template_family(CHAT_TEMPLATE) == "think"
    found = {path.stem: template_family(path.read_text(encoding="utf-8")) for path in CHAT_TEMPLATES.glob("*.jinja")}
    assert found == {"alpaca": None, "deepseek-r1": "think", "plain": None, "qwen3": "think"}
    for name, family in FAMILIES.items():
        assert template_family(f"{{{{ messages }}}}{family.opening}\n") == name
    assert template_family(None) is template_family("") is None
