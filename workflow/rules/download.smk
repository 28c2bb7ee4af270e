# In: the network. Out: models of the hub and sources of real data, at pinned revisions, with checksums.
#
# Local rules: login nodes have network access, compute nodes do not. Everything after reads files and never asks a hub.


rule download:
    """One model of the hub, or one source of real data."""
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
        **job("download"),
        options=lambda w: stable_json(STUDY.downloads[w.fetched]),
        # The mirror does not change the files; as it depends on threads, the rerun trigger `params` leaves it out.
        mirror=lambda w, threads: STUDY.config["sources"].get("mirror") or "",
        manifest=f"{STUDY.paths.results}/downloads.json",
    message:
        "download: fetching {wildcards.fetched}"
    shell:
        "HF_HUB_OFFLINE=0 python {params.script:q} --name {wildcards.fetched:q} --options {params.options:q}"
        " --mirror {params.mirror:q} --manifest {params.manifest:q} --out {output.folder:q} --record {output.record:q}"
        " --progress 3 3>&2 > {log:q} 2>&1"


rule list_downloads:
    """What was fetched: revisions, sizes, checksums. A branch stays at the commit that was fetched first."""
    input:
        [f"{STUDY.paths.download(name)}.json" for name in STUDY.downloads],
    output:
        "<results>/downloads.json",
    log:
        "<logs>/list_downloads.log",
    localrule: True
    conda:
        "../envs/vernacular.yaml"
    params:
        **job("list_downloads"),
    message:
        "list_downloads: listing what was fetched"
    shell:
        "python {params.script:q} {input:q} --out {output:q} > {log:q} 2>&1"
