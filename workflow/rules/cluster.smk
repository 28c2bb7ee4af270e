# A look at a cluster's nodes before anything long runs there.


# What one kind of node is like; written anew each time.
rule preflight_node:
    output:
        temp("<logs>/preflight/{node}.txt"),
    log:
        "<logs>/preflight/{node}.log",
    wildcard_constraints:
        node="cpu|gpu",
    conda:
        "../envs/vernacular.yaml"
    resources:
        **job_resources(preflight_resources),
    params:
        script=script("preflight.py"),
        gpus=preflight_gpus,
        results=results_folder,
        code=code("preflight.py"),
    message:
        "preflight: looking at a {wildcards.node} node"
    shell:
        "python {params.script:q} --node {wildcards.node} --gpus {params.gpus} --results {params.results:q}"
        " --out {output:q} > {log:q} 2>&1"
