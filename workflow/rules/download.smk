# What comes from the network, in local rules (a login node has it, a compute node has not): models of the hub and sources of
# real data, at pinned revisions, with checksums. Everything after reads files and never asks a hub.


# One model or one source; HF_HUB_OFFLINE is for the others.
rule download:
    output:
        folder=directory("<results>/downloads/{fetched}"),
        record="<results>/downloads/{fetched}.json",
    log:
        "<logs>/download/{fetched}.log",
    priority: 20
    localrule: True
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("download.py"),
        options=download_options,
        mirror=download_mirror,
        manifest=f"{RESULTS}/downloads.json",
        code=code("download.py"),
    message:
        "download: fetching {wildcards.fetched}"
    shell:
        "HF_HUB_OFFLINE=0 python {params.script:q} --name {wildcards.fetched:q} --options {params.options:q}"
        " --mirror {params.mirror:q} --manifest {params.manifest:q} --out {output.folder:q} --record {output.record:q}"
        " --progress 3 3>&2 > {log:q} 2>&1"


# What was fetched: revisions, sizes, checksums; a branch stays at the commit that stands there.
rule downloads:
    input:
        download_records,
    output:
        "<results>/downloads.json",
    log:
        "<logs>/downloads.log",
    localrule: True
    conda:
        "../envs/vernacular.yaml"
    params:
        script=script("list_downloads.py"),
        code=code("list_downloads.py"),
    message:
        "downloads: listing what was fetched"
    shell:
        "python {params.script:q} {input:q} --out {output:q} > {log:q} 2>&1"
