"""Languages outside the study, languages in another script, headings, and lines in their context."""

import pytest

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.languages import load_languages
from vernacular.language.words import OTHERS, WORDS, lexicon

OUTSIDE = {
    "id": "Setelah membeli tiga buku tulis, dia masih mempunyai uang dua belas ribu rupiah.",
    "ms": "Selepas membeli tiga buah buku, dia masih mempunyai wang sebanyak dua belas ringgit.",
    "uk": "Після покупки трьох зошитів у неї залишилося ще дванадцять гривень.",
    "be": "Пасля пакупкі трох сшыткаў у яе засталося яшчэ дванаццаць рублёў.",
    "sr": "После куповине три свеске остало јој је још дванаест динара.",
    "mk": "По купувањето на три тетратки ѝ останале уште дванаесет денари.",
    "kk": "Үш дәптер сатып алғаннан кейін оның тағы он екі теңгесі қалды.",
    "mn": "Гурван дэвтэр худалдаж авсны дараа түүнд арван хоёр төгрөг үлдсэн.",
    "ca": "Després de comprar tres quaderns, encara li queden dotze euros.",
    "gl": "Despois de mercar tres cadernos, aínda lle quedan doce euros.",
    "ro": "După ce a cumpărat trei caiete, i-au mai rămas doisprezece lei.",
    "af": "Nadat sy drie boeke gekoop het, het sy nog twaalf rand oor.",
    "sv": "Efter att ha köpt tre böcker har hon fortfarande tolv kronor kvar.",
    "da": "Efter at have købt tre hæfter har hun stadig tolv kroner tilbage.",
    "fi": "Ostettuaan kolme vihkoa hänellä on vielä kaksitoista euroa jäljellä.",
    "hu": "Miután vett három füzetet, még tizenkét forintja maradt.",
    "cs": "Po nákupu tří sešitů jí zbylo ještě dvanáct korun.",
    "sk": "Po kúpe troch zošitov jej zostalo ešte dvanásť eur.",
    "hr": "Nakon što je kupila tri bilježnice, ostalo joj je još dvanaest eura.",
    "sl": "Ko je kupila tri zvezke, ji je ostalo še dvanajst evrov.",
    "tl": "Pagkatapos bumili ng tatlong kuwaderno, mayroon pa siyang labindalawang piso.",
    "az": "Üç dəftər aldıqdan sonra onun hələ on iki manatı qaldı.",
    "zu": "Ngemva kokuthenga izincwadi ezintathu, usele namarandi ayishumi nambili.",
    "fa": "پس از خرید سه دفتر، هنوز دوازده تومان برای او باقی مانده است.",
    "mr": "तीन वह्या विकत घेतल्यानंतर तिच्याकडे अजून बारा रुपये उरले आहेत.",
    "as": "তিনিখন বহী কিনাৰ পাছত তেওঁৰ ওচৰত আৰু বাৰ টকা বাকী থাকিল।",
    "ta": "மூன்று குறிப்பேடுகள் வாங்கிய பிறகு அவளிடம் இன்னும் பன்னிரண்டு ரூபாய் இருந்தது.",
    "he": "אחרי שקנתה שלוש מחברות נשארו לה עוד שנים עשר שקלים.",
    "ka": "სამი რვეულის ყიდვის შემდეგ მას კიდევ თორმეტი ლარი დარჩა.",
    "hy": "Երեք տետր գնելուց հետո նրան դեռ տասներկու դրամ մնաց։",
    "am": "ሦስት ደብተሮችን ከገዛች በኋላ አሥራ ሁለት ብር ቀራት።",
}
KIN = {"ms": {"id"}, "be": {"uk"}, "sk": {"cs"}, "mk": {"sr"}, "gl": set(), "da": {"no"}, "zu": {"xh"}}
ROMANISED = [
    "Teen kitaben kharidne ke baad uske paas abhi barah rupaye bache hain.",
    "Ba3d ma ishtara talat koras, lessa ma3ah 7adashar gineh.",
    "Mai le san ben shu yihou, ta hai you shi er kuai qian.",
    "Noto o san satsu katta ato, kanojo ni wa mada juu ni doru arimasu.",
    "Tinti khata kenar por tar kache ekhono baro taka ache.",
    "Posle pokupki trekh tetradey u neyo ostalos dvenadtsat rubley.",
    "Afou agorase tria tetradia, tis menoun akoma dodeka evro.",
    "Sau khi mua ba quyen vo, co ay con lai muoi hai nghin dong.",
    "Moodu pustakalu konna tarvata aame daggara inka pannendu rupayalu unnayi.",
]
HEADINGS = [
    "Total : 24", "Distance = 35 km", "Solution :", "Maximum = 9", "Kosten: 31", "Final: 7", "Total", "Base: 6",
    "合計：24", "最終結果", "平均速度", "Formule", "**Note:**", "Mateo: 7", "USD 31", "Sofia, Lars: 4", "km/h, cm",
]  # fmt: skip


@pytest.mark.parametrize("language", OUTSIDE)
@pytest.mark.parametrize("study", [list(load_languages()), ["en", "sw"], ["ru", "nl", "hi", "es", "tr", "ur", "bn"]])
def test_a_language_outside_the_study_is_named_or_abstained_from(study: list[str], language: str) -> None:
    [found] = LanguageIdentifier(study).identify([OUTSIDE[language]])
    assert found in {None, language, *KIN.get(language, set())}


def test_most_languages_outside_are_named(identifier: LanguageIdentifier) -> None:
    assert sum(name is not None for name in identifier.identify(list(OUTSIDE.values()))) >= 0.9 * len(OUTSIDE)


@pytest.mark.parametrize("text", [*ROMANISED, *HEADINGS])
def test_what_shows_no_language_is_not_named(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.identify([text]) == [None]


TRACES = [
    ("fr", "Question 2 :\nOn cherche le prix des billets.\nPrix total : 24\nMaximum = 9\nIl paie donc 24 euros."),
    ("de", "Gegeben: 3 Kisten\nJede Kiste wiegt 8 Kilo.\nTotal: 24\nInsgesamt wiegen sie also 24 Kilo.\nFinal: 24"),
    ("ja", "問題文整理\n鉛筆は一箱に8本入っています。\n合計：24 本\n答えは24本です。"),
    ("pt", "Distância: 24 km\nO carro anda oito quilômetros por hora.\nTotal: 24\nLogo, são 24 quilômetros."),
    ("nl", "Kosten: 24\nElke doos kost acht euro.\nTotale prijs: 24\nDus betaalt hij 24 euro."),
    ("zh", "合計：24\n每箱有八支铅笔。\n所以一共有二十四支。"),
]


@pytest.mark.parametrize(("language", "trace"), TRACES)
def test_headings_do_not_fail_a_trace(identifier: LanguageIdentifier, language: str, trace: str) -> None:
    [judged] = judge([trace], [language], identifier)
    assert judged.line_pass and not judged.code_switched and not judged.foreign_script, judged.lines


@pytest.mark.parametrize(("language", "trace"), TRACES)
def test_a_line_with_evidence_is_named_whatever_the_rest_is(
    identifier: LanguageIdentifier, language: str, trace: str
) -> None:
    for line in ("So the price of all the boxes together is twenty four.", OUTSIDE["sv"], OUTSIDE["fa"]):
        [judged] = judge([f"{trace}\n{line}"], [language], identifier)
        assert not judged.line_pass and judged.foreign_line


@pytest.mark.parametrize("language", ["ca", "fa", "id", "sv", "uk"])
def test_a_trace_of_an_outsider_passes_in_no_language(language: str) -> None:
    for asked in ("en", "es", "ur", "sw", "ru", "de"):
        [judged] = judge([OUTSIDE[language]], [asked], LanguageIdentifier(["en", asked]))
        assert not judged.native and not judged.line_pass


def test_every_word_counts_for_a_language_that_lists_it() -> None:
    assert not set(WORDS) & set(OTHERS) and set(WORDS) <= set(load_languages())
    assert lexicon()["which"] == ("en",) and set(lexicon()["hai"]) >= {"hi-Latn"}
    assert min(len(words.split()) for words in (*WORDS.values(), *OTHERS.values())) >= 20
