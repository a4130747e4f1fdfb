"""The names of all words of a page; {names} in braces are the formulas and numbers that a section fills in."""

from __future__ import annotations

from dataclasses import dataclass


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
