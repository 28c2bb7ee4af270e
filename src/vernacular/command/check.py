"""Whether a response gives the right answer, as the metrics and the reward judge it."""

import argparse
import json
import sys

from vernacular.answers.compare import check_answer, extract_answer
from vernacular.answers.gold import check_gold
from vernacular.answers.labels import extract_label
from vernacular.corpus.lines import KINDS
from vernacular.corpus.lines import check_answer as check_label
from vernacular.language.languages import check_language

USAGE = """\
examples:
  vernacular check 18 "La réponse est \\\\boxed{18}." --language fr
  vernacular check 1200 "১,২০০ টাকা" --language bn
  vernacular check B "Die Antwort ist B." --language de --kind choice
  cat response.txt | vernacular check 3/4 - --language en --json

exit status: 0 right, 1 wrong, 2 for a GOLD that is not an answer or an unknown language"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("gold", metavar="GOLD", help="the correct answer")
    parser.add_argument("text", metavar="TEXT", help="the response, without its trace; - reads standard input")
    parser.add_argument("--language", required=True, metavar="CODE", help="the question's language (ISO 639-1)")
    parser.add_argument("--kind", choices=KINDS, default="math", help="kind of the question (default: math)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def work(args: argparse.Namespace) -> int:
    text, language = sys.stdin.read() if args.text == "-" else args.text, check_language(args.language)
    given_up = False
    if args.kind == "math":
        check_gold(args.gold)
        verdict, found = check_answer(args.gold, text, language), extract_answer(text, language)
        right, given_up = verdict.correct, verdict.given_up
    else:
        check_label(args.gold, args.kind, None, "GOLD")
        found = extract_label(text, args.kind)
        right = found == args.gold
    if args.json:
        print(json.dumps({"correct": right, "answer": found, "given_up": given_up}, ensure_ascii=False))
    else:
        print(f"{'right' if right else 'wrong'}: {found if found is not None else 'no answer was found'}")
    return 0 if right else 1
