"""The arguments and options of the commands, each with its help."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli import completion

Dataset = Annotated[
    str,
    typer.Argument(
        metavar="SOURCE",
        help="A .csv, .tsv, .txt, .data, .parquet, .feather, .jsonl or .npz file (arrays X and y), a folder of Parquet "
        "files, for `chainrule train` a .rows file that `chainrule pack` wrote, - for standard "
        "input, or a data set bundled with scikit-learn: digits, iris, wine, breast_cancer, diabetes.",
    ),
]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A .safetensors file that `chainrule train` wrote.")]
MaybeModel = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="A .safetensors file that `chainrule train` or net.save wrote."),
]
AnyModel = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="A .safetensors file that `chainrule train` or net.save wrote."),
]
NewRows = Annotated[
    str, typer.Argument(metavar="ROWS", help="A table as for `chainrule train`; columns are matched by name.")
]

Sep = Annotated[
    str | None,
    typer.Option(
        metavar="CHARACTER", help="Between the values of a text file: a character, tab or blanks. [default: detected]"
    ),
]
Header = Annotated[
    bool | None,
    typer.Option(
        "--header/--no-header",
        help="Whether the first line of a text file names the columns; otherwise they are x1, x2, …. [default: it "
        "does, and a first line that looks like a row is an error]",
        show_default=False,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Encoding of a text file, such as latin-1. [default: UTF-8, or by its mark]"),
]
Decimal = Annotated[
    str | None,
    typer.Option(metavar="MARK", help="Decimal mark of numbers in a text file, . or , [default: each column decides]"),
]
Thousands = Annotated[
    str | None,
    typer.Option(metavar="MARK", help="Mark between thousands, or '' for none. [default: each column decides]"),
]
Na = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="A text that is a missing value in every column. Can be repeated."),
]

Target = Annotated[
    list[str] | None,
    typer.Option(
        "--target",
        metavar="COLUMN",
        help="The column to predict, or several, as a,b: numbers, or labels of two values each. Can be repeated. "
        "[default: the column named target]",
        autocompletion=completion.several,
    ),
]
Task = Annotated[
    str | None,
    typer.Option(
        metavar="classification|regression",
        autocompletion=completion.one_of("classification", "regression"),
        help="[default: classification for text, yes/no, or few distinct whole numbers; otherwise regression]",
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option(metavar="COLUMN", help="Ignore columns, as a,b. Can be repeated.", autocompletion=completion.several),
]
Category = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Treat the numbers in this column as categories, or in several, as a,b. Can be repeated.",
        autocompletion=completion.several,
    ),
]
RowWeights = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        help="Weights of the rows, which are no input; rows of weight 0 are left out.",
        autocompletion=completion.columns,
    ),
]
Preset = Annotated[
    str,
    typer.Option(
        metavar="default|best|tuned|lecture",
        autocompletion=completion.one_of("default", "best", "tuned", "lecture"),
        help="All settings that no option changes: fast and accurate, slower and more accurate, searched, or as in a "
        "textbook.",
    ),
]
Layers = Annotated[
    str | None,
    typer.Option(metavar="N,N,…", help="Sizes of the hidden layers, such as 64,32, or none. [default: the preset's]"),
]
Activation = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Activation function σ of the hidden layers. [default: the preset's]",
        autocompletion=completion.activations,
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="adamw, adam, gradient_descent, momentum, nesterov, adagrad, rmsprop or rprop; or lm, "
        "Levenberg–Marquardt, for small regressions. [default: the preset's]",
        autocompletion=completion.optimizers,
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(metavar="ALPHA", help="Learning rate α. [default: the preset's, or with --optimizer the optimizer's]"),
]
BatchSize = Annotated[int | None, typer.Option(metavar="ROWS", help="Rows per step. [default: the preset's]")]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="MODEL",
        help="A model to train further on these rows: its columns, its settings and the encoding are kept. The best of "
        "10 passes over the rows is kept, or of --epochs.",
    ),
]
Epochs = Annotated[
    int | None, typer.Option(metavar="N", help="Maximum passes over the training rows. [default: the preset's]")
]
Patience = Annotated[
    int | None,
    typer.Option(metavar="N", help="Stop after N epochs without a lower validation cost. [default: the preset's]"),
]
Scoring = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Keep the epoch that is best by this metric on held-out rows, a scorer of scikit-learn such as roc_auc or "
        "neg_mean_absolute_error; --patience follows it. [default: the validation cost]",
        autocompletion=completion.scorers,
    ),
]
TimeLimit = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Train for at most this long, and keep the best epoch.")
]
Checkpoint = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Write each network to this folder now and then, and as training ends, for --resume."
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Continue from the checkpoints in --checkpoint, or start from the beginning if there are none."
    ),
]
ClassWeight = Annotated[
    str | None,
    typer.Option(
        metavar="balanced|CLASS=WEIGHT,…",
        help="Weights of the classes in the cost; balanced gives each class the same total weight. [default: 1]",
    ),
]
Quantiles = Annotated[
    str | None,
    typer.Option(
        metavar="Q,Q,…", help="Predict several quantiles of a number, such as .05,.5,.95, instead of its mean."
    ),
]
WidthOfIntervals = Annotated[
    str,
    typer.Option(
        "--interval",
        metavar="constant|scaled",
        help="The width of the intervals of `chainrule predict`: the same for all rows, or by row, where errors are "
        "larger in some rows than in others.",
    ),
]
TestFraction = Annotated[float, typer.Option(metavar="FRACTION", help="Fraction of the rows held out for the test.")]
Seed = Annotated[
    int, typer.Option(metavar="N", help="Seed of the split, the initial weights and the order of the rows.")
]
Out = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="A folder, or a new file NAME.safetensors. [default: the name of SOURCE, in this folder; with -2, -3, … "
        "if there is one]",
    ),
]
RowsOut = Annotated[str, typer.Option("--out", metavar="FILE", help="The file of rows to write, which ends in .rows.")]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
ReportOut = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Also write an .html page: results, charts, importances, dependences, the encoding, and a model card.",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        metavar="K",
        help="Only measure: train K times, each time without another K-th of the rows, test on those, and print means "
        "and standard deviations. Saves no model.",
    ),
]
Threshold = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="Predict the second of two classes where its probability is P or more. [default: 0.5]"
    ),
]
Engine = Annotated[
    str, typer.Option(metavar="NAME", help="Engine that computes: auto, or a name from `chainrule info --engine`.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Processes that train the networks, which share the CPUs of this machine. On several machines: "
        "torchrun … -m chainrule train …",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the results.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print a line for each epoch of each network, in place of a bar.")
]

Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="Write this column of ROWS beside the predictions, or several, as a,b. Can be repeated.",
        autocompletion=completion.several,
    ),
]
WithRows = Annotated[bool, typer.Option("--with-rows", help="Write all columns of ROWS beside the predictions.")]
Proba = Annotated[bool, typer.Option("--proba", help="Write the probability of each class, too.")]
Interval = Annotated[
    float | None,
    typer.Option(
        metavar="COVERAGE", help="Write the ends of an interval, too, that holds a number with this probability."
    ),
]
PredictionsOut = Annotated[
    str | None,
    typer.Option("--out", metavar="FILE", help="A .csv, .jsonl or .parquet file. [default: standard output]"),
]
PredictionsFormat = Annotated[
    str | None,
    typer.Option("--format", metavar="csv|jsonl|parquet", help="[default: by the name of --out, or csv]"),
]
SafeCsv = Annotated[
    bool,
    typer.Option(
        "--safe-csv",
        help="Put an apostrophe before class labels that a spreadsheet would take for formulas: those that begin with "
        "=, +, -, @, a tab or a carriage return.",
    ),
]
Card = Annotated[bool, typer.Option("--card", help="Print the model card in Markdown instead.")]
Scale = Annotated[
    bool,
    typer.Option("--scale", help="Measure from how many rows on several processes train one network faster, here."),
]
Engines = Annotated[bool, typer.Option("--engine", help="List the engines that are available, and their kernels.")]

HeldOut = Annotated[
    str | None,
    typer.Option("--held-out", metavar="ROWS", help="A second table, of rows that the model was not trained on."),
]
TryRemedies = Annotated[
    bool,
    typer.Option("--try", help="Train briefly with and without each remedy, and measure the gain on held-out rows."),
]

Data = Annotated[
    str | None,
    typer.Option(
        "--data",
        metavar="ROWS",
        help="A table with the target, as for `chainrule evaluate`; for a network file with "
        "the columns x_1 … x_n, y_1 … y_m, or for cross_entropy x_1 … x_n and the class.",
    ),
]
Row = Annotated[
    int | None, typer.Option(metavar="N", help="The row of --data to explain, counted from 1. [default: 1]")
]
X = Annotated[
    str | None, typer.Option("--x", metavar="X,X,…", help="For a network file: the input x, such as 1,-2.5,1/3.")
]
Y = Annotated[
    str | None, typer.Option("--y", metavar="Y,Y,…", help="The label y of --x; for cross_entropy it may be a class.")
]
CostName = Annotated[
    str | None,
    typer.Option("--cost", metavar="NAME", help="[default: the model's, or for a network file sum_of_squares]"),
]
Exact = Annotated[bool, typer.Option("--exact", help="Write fractions; θ, x and y must be short ones, and σ rational.")]
NetworkNumber = Annotated[
    int, typer.Option("--network", metavar="N", help="Of a model that averages several networks, the one to explain.")
]
Entry = Annotated[
    str | None,
    typer.Option(metavar="ENTRY", help="Only the derivative by this entry, along every path: W1,2,3 is W[1]₂₃; b1,2."),
]
StepLearningRate = Annotated[
    float | None, typer.Option(metavar="ALPHA", help="Also show the step θ − α∇J with this learning rate α.")
]
Detail = Annotated[str, typer.Option(metavar="matrix|scalar", help="Write whole matrices, or single entries.")]
Digits = Annotated[int, typer.Option(metavar="N", help="Significant digits of the numbers.")]
Language = Annotated[str, typer.Option("--lang", metavar="NAME", help="Language of the page: en or ja.")]
Form = Annotated[
    str | None,
    typer.Option("--format", metavar="text|markdown|latex|html", help="[default: by the name of --out, or text]"),
]
PageOut = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="A .txt, .md, .tex or .html file. [default: stdout]")
]

ExportOut = Annotated[
    str,
    typer.Option(
        "--out",
        metavar="FILE",
        help="The file to write; its ending decides the language: .onnx, .c, .mjs, .sql or .py.",
    ),
]
Real = Annotated[
    str | None, typer.Option(metavar="float|double", help="Number type of the result. [default: the language's]")
]
Weights = Annotated[
    str | None,
    typer.Option(metavar="int8|int16", help="For .c: store W in integers, with one factor a row. The loss is printed."),
]
InputForm = Annotated[
    str | None,
    typer.Option(
        "--inputs",
        metavar="columns|matrix",
        help="For .onnx: one input for each column, or one for the matrix of encoded features. [default: columns]",
    ),
]
ExportedFile = Annotated[str, typer.Argument(metavar="FILE", help="A file that `chainrule export` wrote.")]

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL", help="A .safetensors file that `chainrule train` wrote, or NAME=FILE.", show_default=False
    ),
]
Host = Annotated[str, typer.Option(metavar="ADDRESS", help="The address to listen at; 0.0.0.0 for all.")]
Port = Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 for any that is free.")]
TokenFile = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="A file with a token; every request except the health check must carry it."),
]
MaxRows = Annotated[int, typer.Option(metavar="N", min=1, help="Most rows of one request.")]
MaxBytes = Annotated[int, typer.Option(metavar="N", min=1, help="Most bytes of the body of one request.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", min=0.01, help="Longest time of one request.")]

ShrunkOut = Annotated[str, typer.Option("--out", metavar="FILE", help="The .safetensors file to write.")]
Hidden = Annotated[
    str, typer.Option(metavar="N,N,…", help="Sizes of the hidden layers of the small network, such as 32,16, or none.")
]
TestRows = Annotated[
    str | None,
    typer.Option(
        "--held-out",
        metavar="ROWS",
        help="Rows that the model was not trained on, with the target, for the comparison; ROWS need it too.",
    ),
]
StudentEpochs = Annotated[
    int | None, typer.Option("--epochs", metavar="N", help="Maximum passes over the rows. [default: the preset's]")
]
