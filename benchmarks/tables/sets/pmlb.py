"""The sets of PMLB: numbers alone, since PMLB has made categories whole numbers."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from benchmarks.tables.sets.data_set import DataSet, DataSplit, TableTask, divided, measured_splits

REGRESSION = {
    "485_analcatdata_vehicle": 48, "1089_USCrime": 47, "192_vineyard": 52, "228_elusage": 55, "687_sleuth_ex1605": 62,
    "527_analcatdata_election2000": 67, "663_rabe_266": 120, "207_autoPrice": 159, "230_machine_cpu": 209,
    "561_cpu": 209, "712_chscase_geyser1": 222, "695_chatfield_4": 235, "505_tecator": 240,
    "557_analcatdata_apnea1": 475, "1027_ESL": 488, "522_pm10": 500, "547_no2": 500, "666_rmftsa_ladata": 508,
    "1029_LEV": 1000, "titanic": 2201, "197_cpu_act": 8192, "225_puma8NH": 8192, "537_houses": 20640,
    "574_house_16H": 22784, "1193_BNG_lowbwt": 31104, "215_2dplanes": 40768, "344_mv": 40768, "564_fried": 40768,
    "1201_BNG_breastTumor": 116640,
}  # fmt: skip
CLASSIFICATION = {
    "ionosphere": 351, "monk3": 554, "monk1": 556, "xd6": 973, "vowel": 990, "Hill_Valley_without_noise": 1212,
    "car": 1728, "mfeat_fourier": 2000, "segmentation": 2310, "spambase": 4601, "churn": 5000, "waveform_40": 5000,
    "page_blocks": 5473, "texture": 5500, "ann_thyroid": 7200, "ring": 7400, "twonorm": 7400, "pendigits": 10992,
    "nursery": 12958, "letter": 20000, "krkopt": 28056, "connect_4": 67557, "fars": 100968, "sleep": 105908,
}  # fmt: skip


def read(one: DataSet, folder: Path, split: int, cap: int) -> DataSplit:
    """Reads a tab-separated file with a line of names and the target last."""
    with gzip.open(folder / one.path, "rt", encoding="utf-8") as file:
        names = file.readline().rstrip("\n").split("\t")
        table = np.loadtxt(file, delimiter="\t", ndmin=2)
    one.check_rows(len(table))
    if names[-1] != "target":
        raise ValueError(f"{one.path}: expected 'target' as the last column, got {names[-1]!r}")
    y = table[:, -1].astype(np.int64) if one.task == "classification" else table[:, -1]
    return divided(table[:, :-1], y, one.task, split, cap)


def of_task(task: TableTask, rows: dict[str, int]) -> list[DataSet]:
    """Returns the sets of a task, given their numbers of rows."""
    return [
        DataSet(name, task, f"pmlb_{task}/{name}.tsv.gz", count, measured_splits(count), read, is_capped=True)
        for name, count in rows.items()
    ]


PMLB = [*of_task("regression", REGRESSION), *of_task("classification", CLASSIFICATION)]
