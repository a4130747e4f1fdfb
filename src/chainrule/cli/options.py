"""The arguments and options of the commands, each with its help."""

from __future__ import annotations

from typing import Annotated

import typer

Dataset = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A .csv, .tsv, .parquet or .npz file (arrays X and y), or a set of scikit-learn: "
        "digits, iris, wine, breast_cancer, diabetes.",
    ),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A .safetensors file that `chainrule train` wrote.")]
MaybeModel = Annotated[
    str | None, typer.Argument(metavar="MODEL", help="A .safetensors file that `chainrule train` wrote.")
]
NewRows = Annotated[
    str, typer.Argument(metavar="ROWS", help="A table as for `chainrule train`; columns are found by their names.")
]

Target = Annotated[
    str | None,
    typer.Option("--target", metavar="COLUMN", help="The column to predict. [default: the one called target]"),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="classification|regression",
        help="[default: classification for text, yes or no, and few different whole numbers; else regression]",
    ),
]
Drop = Annotated[
    list[str] | None, typer.Option(metavar="COLUMN", help="Leave this column out; may be given several times.")
]
Category = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Take the numbers of this column as categories; may be given several times."),
]
Preset = Annotated[
    str,
    typer.Option(
        metavar="default|best|lecture",
        help="What is chosen where no option says otherwise: good and quick, slower and better, or the textbook's.",
    ),
]
Layers = Annotated[
    str | None,
    typer.Option(metavar="SIZES", help="Sizes of the hidden layers, such as 64,32, or none. [default: the preset's]"),
]
Activation = Annotated[str | None, typer.Option(metavar="NAME", help="σ of the hidden layers. [default: the preset's]")]
Optimizer = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="adamw, adam, gradient_descent, momentum, nesterov, adagrad, rmsprop or rprop. [default: the preset's]",
    ),
]
LearningRate = Annotated[
    float | None, typer.Option(metavar="ALPHA", help="[default: the preset's; of another optimizer its own]")
]
BatchSize = Annotated[int | None, typer.Option(metavar="ROWS", help="Rows a step. [default: the preset's]")]
Epochs = Annotated[
    int | None, typer.Option(metavar="N", help="Passes over the training rows, at most. [default: the preset's]")
]
Patience = Annotated[
    int | None,
    typer.Option(metavar="N", help="Stop after N epochs without a better validation J. [default: the preset's]"),
]
TimeLimit = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Stop training after so long, with the best until then.")
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        metavar="balanced|CLASS=WEIGHT,…",
        help="How much a row of each class counts in J; balanced: all classes together alike. [default: 1]",
    ),
]
TestFraction = Annotated[float, typer.Option(metavar="PART", help="The part of the rows held back for the test.")]
Seed = Annotated[int, typer.Option(metavar="N", help="Fixes the split, the initial values and the order of rows.")]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="PATH", help="A folder, or a file NAME.safetensors. [default: named after SOURCE, in this folder]"
    ),
]
Engine = Annotated[str, typer.Option(metavar="NAME", help="What computes: auto, or one of `chainrule info --engine`.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print the results only.")]

PredictionsOut = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="A .csv or .parquet file. [default: CSV to stdout]")
]
Engines = Annotated[bool, typer.Option("--engine", help="Tell which engines are here, and which kernels they use.")]
