"""The names of all words of a page; {names} in braces are the formulas and numbers that a section fills in."""

from __future__ import annotations

from dataclasses import dataclass

NAMES_OF_COSTS = (
    "sum_of_squares", "log_likelihood", "cross_entropy", "absolute_error", "huber", "quantile", "poisson",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Words:
    """All words of a page in one language; a language that lacks one cannot be made."""

    language: str
    title: str

    # definition
    definition: str
    network: str
    layer: str
    count: str
    place: str
    parameters: str
    blocks: str
    question: str
    questions: str

    # step 0, the encoding of a row of a table
    row: str
    row_rule: str
    column: str
    value: str
    encoding: str
    features_rule: str
    feature: str
    label_rule: str
    classes: str

    # forward pass and cost
    forward: str
    forward_rule: str
    cost: str
    cost_rule: str
    cost_sum: str
    smoothing: str
    penalty: str

    # backward
    example: str
    some_examples: str
    delta_r: str
    delta_rule: str
    jacobian: str
    closed_form: str
    rounded: str
    delta_i: str
    below_rule: str
    gradients: str
    gradient_rule: str
    gradient_sum: str
    block_gradient: str
    kappa_rule: str

    # names of costs
    sum_of_squares: str
    log_likelihood: str
    cross_entropy: str
    absolute_error: str
    huber: str
    quantile: str
    poisson: str

    # one entry
    entry_title: str
    paths: str
    paths_rule: str
    too_many_paths: str
    largest_paths: str
    other_paths: str
    why_title: str
    shares: str
    share_rule: str
    share: str
    example_name: str
    other_examples: str
    penalty_name: str
    against: str

    # checks and step
    checks: str
    check_rule: str
    derivative: str
    by_chain_rule: str
    by_complex_step: str
    by_differences: str
    agreeing: str
    some_entries: str
    no_complex_step: str
    step: str
    step_rule: str
    entry: str
    old: str
    new: str
    prediction: str

    # remarks
    remarks: str
    more_remarks: str
    saturated: str
    dead: str
    kink: str
    silent: str
    twins: str
    vanishing: str
    perfect: str
    infinite: str
    rises: str
    curved: str
    no_dropout: str

    # drawing
    drawing: str
    drawn_paths: str
    signs: str
    key: str
    one_above_other: str
    deltas: str
    path_key: str
    number_of_layer: str
    input: str
    hidden: str
    output: str
    drawn_cost: str

    # exercise
    sheet: str
    the_example: str
    the_examples: str
    to_compute: str
    ask_forward: str
    ask_forward_each: str
    ask_cost: str
    ask_deltas: str
    ask_deltas_each: str
    ask_gradient: str

    # marks of an exercise
    right: str
    wrong_shape: str
    wrong_earlier: str
    joining: str
    wrong: str
    mistake: str
    transposed: str
    transposed_W: str
    transposed_z: str
    transposed_delta: str
    slope: str
    slope_in: str
    sign: str
    sign_once: str
    sign_in: str
    mean: str
    mean_once: str
    mean_in: str
    factor: str
    factor_once: str
    factor_in: str
    bias: str
    bias_in: str
    activation: str
    activation_in: str
    trial: str
    trials: str

    def of_cost(self, name: str) -> str:
        """Returns the name of a cost in this language; one of your own keeps its name."""
        return getattr(self, name) if name in NAMES_OF_COSTS else name.replace("_", " ")
