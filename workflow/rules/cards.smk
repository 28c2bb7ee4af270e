# Model cards: what a trained model is, beside its folder, so that a changed score retrains nothing.


# Recipe, parents, data, scores and licence of one model.
rule model_card:
    input:
        model="<results>/seed-{seed}/models/{model}",
        tables=card_tables,
    output:
        "<results>/cards/seed-{seed}/{model}.md",
    log:
        "<logs>/seed-{seed}/model_card/{model}.log",
    wildcard_constraints:
        model="|".join(map(re.escape, TRAINED)) or "(?!)",
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("make_card.py"),
        options=card_options,
        code=code("make_card.py"),
    message:
        "model_card: writing the card of {wildcards.model} (seed {wildcards.seed})"
    shell:
        "python {params.script:q} {input.tables:q} --model {input.model:q} --options {params.options:q}"
        " --out {output:q} > {log:q} 2>&1"
