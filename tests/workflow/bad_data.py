"""Bad edits of the default study's benchmarks, training sets, traces, RL prompts, sources and wordings.

With what the one line of the error then says.
"""

from edits import Edit, put

DATA: dict[str, tuple[Edit, list[str]]] = {
    "former name of translated": (
        put("data.translation.0.of", ["questions"]),
        ["data.translation.0.of: unknown key; it is now called 'translated'"],
    ),
    "prompts for another kind of question": (
        put("prompts", "adamame"),
        ["questions of the kind 'choice'", "the prompts 'adamame' are only for math"],
    ),
    "nothing written": (put("benchmarks", None), ["benchmarks: expected a mapping, got nothing"]),
    "unknown benchmark": (
        put("traces.benchmark", "mini-mgms"),
        ["traces.benchmark: benchmark 'mini-mgms'", "'mini-mgsm'"],
    ),
    "unknown benchmark to pretrain on": (
        put("data.native-and-english.0.benchmarks", {"mini-mgms": [0, 1]}),
        ["data.native-and-english.0.benchmarks: benchmark 'mini-mgms'", "'mini-mgsm'"],
    ),
    "batches of so many sequences": (
        put("rl.batch_size", 64),
        ["rl.batch_size: unknown key; it is now called 'batch_tokens', and counts tokens, not sequences; leave it out"],
    ),
    "former name of hash_range": (
        put("rl.share", [0.7, 1.0]),
        ["rl.share: unknown key; it is now called 'hash_range'"],
    ),
    "share for all above 1": (put("data.plain-text.0.shares", 1.5), ["data.plain-text.0.shares: 1.5 is too large"]),
    "share for all as a word": (
        put("data.plain-text.0.shares", "half"),
        ["data.plain-text.0.shares: expected a mapping or a number, got 'half'"],
    ),
    "unknown flaw": (put("traces.flaws.nobox", 0.1), ["traces.flaws.nobox: unknown key", "'no-box'"]),
    "flaw above 1": (put("traces.flaws.no-box", 3), ["traces.flaws.no-box: 3 is too large", "maximum is 1"]),
    "prompts that SFT has seen": (
        put("rl.hash_range", [0.65, 1.0]),
        ["rl.hash_range: [0.65, 1.0] overlaps traces.hash_range"],
    ),
    "range downwards": (
        put("traces.hash_range", [0.7, 0.6]),
        ["traces.hash_range: [0.7, 0.6] is empty or reversed", "write [low, high]"],
    ),
    "numbers downwards": (
        put("benchmarks.mini-mgsm.numbers.term", [9, 2]),
        ["benchmarks.mini-mgsm.numbers.term: [9, 2]"],
    ),
    "traces of choices": (
        put("traces.benchmark", "mini-xcsqa"),
        ["traces.benchmark: 'mini-xcsqa' has no word problems"],
    ),
    "prompts of entailments": (put("rl.benchmark", "mini-xnli"), ["rl.benchmark: 'mini-xnli' has no word problems"]),
    "unknown setting": (
        put("benchmarks.mini-xcsqa.setting", "fact"),
        ["benchmarks.mini-xcsqa.setting: 'fact'", "'facts'"],
    ),
    "answers of a phrasebook": (
        put("benchmarks.mini-mgsm.answers", "number"),
        ["benchmarks.mini-mgsm.answers: is for sources of mathematical questions"],
    ),
    "unknown answers": (put("benchmarks.mini-mgsm.answers", "numbers"), ["benchmarks.mini-mgsm.answers", "'number'"]),
    "unknown source": (put("benchmarks.mgsm", {"source": "mgms"}), ["benchmarks.mgsm.source: unknown source 'mgms'"]),
    "MGSM to train on": (
        lambda c: c.update(
            sources={"mgsm": {"format": "mgsm", "folder": "x"}},
            rl={**c["rl"], "benchmark": "m"},
            benchmarks={**c["benchmarks"], "m": {"source": "mgsm"}},
        ),
        ["rl.benchmark: the source of 'm' has only the splits test, not 'train'"],
    ),
    "unknown task": (put("data.translation.0.task", "translate"), ["data.translation.0.task", "'translation'"]),
    "set without parts": (put("data.translation", []), ["data.translation: needs at least 1 of them"]),
    "set that is no list": (
        lambda c: c["data"].update(translation=c["data"]["translation"][0]),
        ["data.translation: expected a list"],
    ),
    "share of a language that is not there": (
        put("data.plain-text.0.shares", {"ko": 0.5}),
        ["data.plain-text.0.shares: language of this set 'ko'", "choose from: en, fr"],
    ),
    "translation of English alone": (
        put("data.translation.0.languages", ["en"]),
        ["data.translation.0.languages", "needs another language"],
    ),
    "sums of a benchmark without any": (
        put("data.plain-text.0", {"task": "sums", "benchmarks": {"mini-xcsqa": [0.0, 1.0]}, "languages": ["en"]}),
        ["data.plain-text.0.benchmarks: 'mini-xcsqa' has no sums"],
    ),
    "probe without questions": (
        lambda c: c["benchmarks"]["mini-mgsm"]["questions"].pop("dev"),
        ["slam.benchmark: 'mini-mgsm' has no questions there", "questions.dev"],
    ),
    "frame of two steps": (
        put("benchmarks.mini-msvamp.steps", 2),
        ["benchmarks.mini-msvamp.steps: a frame has one step"],
    ),
    "benchmark as a command": (
        lambda c: c["benchmarks"].update({"x; touch /tmp/x": c["benchmarks"]["mini-mgsm"]}),
        ["benchmarks: 'x; touch /tmp/x' must have the form"],
    ),
    "benchmark outside": (
        lambda c: c["benchmarks"].update({"../x": c["benchmarks"]["mini-mgsm"]}),
        ["benchmarks: '../x' must have the form"],
    ),
    "benchmark called like a table": (
        lambda c: c["benchmarks"].update(scores=c["benchmarks"]["mini-mgsm"]),
        ["benchmarks.scores: tables/merge-scores.csv is another table"],
    ),
    "two files of one name": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": f"https://h/{n}/mgsm_fr.tsv"} for n in (1, 2)]}}),
        ["sources.x.urls.1.url: a second file 'mgsm_fr.tsv'"],
    ),
    "file without a name": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/.."}]}}),
        ["sources.x.urls.0.url: its path does not end in a file name, but in '..'"],
    ),
    "a login in a URL": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://me:secret@h/mgsm_fr.tsv"}]}}),
        ["sources.x.urls.0.url: holds a login"],
    ),
    "a token in a URL": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/mgsm_fr.tsv?download=1&token=3f9c1"}]}}),
        ["sources.x.urls.0.url: 'token' may be a secret", "write ${NAME} instead of its value"],
    ),
    "a signature in a URL": (
        put(
            "sources", {"x": {"format": "mgsm", "urls": [{"url": "https://h/mgsm_fr.tsv?sv=1&hash=0123456789abcdef"}]}}
        ),
        ["sources.x.urls.0.url: 'hash' may be a secret"],
    ),
    "a login in a URL of a wrong scheme": (
        put("sources", {"x": {"format": "mgsm", "urls": [{"url": "ftp://me:3f9c1@h/mgsm_fr.tsv"}]}}),
        ["sources.x.urls.0.url: 'ftp://***@h/mgsm_fr.tsv' must have the form"],
    ),
    "unknown prompts": (put("prompts", "adamme"), ["prompts: unknown set 'adamme'", "did you mean 'adamame'"]),
    "prompts of raw text for a chat model": (
        put(
            "prompts", {"source": "me", "form": "text", **dict.fromkeys(("math", "choice", "entailment"), "{question}")}
        ),
        ["prompts.choice: the options are missing"],
    ),
    "prompts without a placeholder": (
        put("prompts", {"source": "me", "math": "Go!"}),
        ["prompts.math: the question is missing"],
    ),
}
