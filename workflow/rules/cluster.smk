# A look at a cluster's nodes before anything long runs there.


rule preflight_node:
    """What one kind of node (cpu, gpu) is like; written again each time."""
    output:
        temp("<logs>/preflight/{node}.txt"),
    log:
        "<logs>/preflight/{node}.log",
    wildcard_constraints:
        node="cpu|gpu",
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(LIMITS, lambda w: preflight_resources(w.node)),
    params:
        **job("preflight"),
        gpus=lambda w: preflight_resources(w.node)["gpu"],
        results=lambda w: STUDY.paths.results,
    message:
        "preflight_node: looking at a {wildcards.node} node"
    shell:
        "python {params.script:q} --node {wildcards.node} --gpus {params.gpus} --results {params.results:q}"
        " --out {output:q} > {log:q} 2>&1"
