"""The words of a page in English."""

from chainrule.explain.words.words import Words

ENGLISH = Words(
    language="en",
    title="The chain rule, step by step",
    definition="The network",
    network="The network is a chain of layers, a function {map}:",
    layer="layer",
    count="parameters",
    place="entries of",
    parameters="All weights and biases together are the vector {theta}. It has as many entries as the layers have:",
    blocks="{W} is block-diagonal: entries outside of its blocks are 0 and are no parameters.",
    question="The example is the input {x} with the label {y}; the cost {J} compares the output with the label:",
    questions="There are {t} examples. The cost {J} compares the output for each one with its label.",
    forward="Forward pass",
    forward_rule="It starts with {a0} = {x}. Each layer computes its linear part and applies its activation to it:",
    cost="Cost",
    cost_rule="The cost is the {name}:",
    cost_sum="{J} adds up the {t} examples:",
    smoothing="With label smoothing, the cost takes instead of {y}:",
    penalty="{P} is the penalty on the weights:",
    example="Example {number} of {t}",
    some_examples="The first {shown} of the {t} examples are worked out here; the sums below have all of them.",
    delta_r="The output layer: {delta}",
    delta_rule="By the chain rule, the derivative of {J} with respect to {z} is the product of {dJ}, how {J} changes "
    "with the output, and {da}, how the output {a} changes with its linear part:",
    jacobian="{sigma} is vector-valued: each of its outputs depends on every entry, so its derivative is the {shape} "
    "Jacobian matrix.",
    closed_form="For {sigma} with the {cost}, the two factors cancel. This is what the library computes, since it is "
    "exact where the factors would round:",
    rounded="{a} rounds to 0 or 1 here, so that the two factors lose digits; the closed form does not.",
    delta_i="The layers below",
    below_rule="{a} acts on {J} through the next layer alone. Its derivative is that of the layer above, taken back "
    "through the transpose of {W}; then comes the slope of its own activation:",
    gradients="The derivatives by the weights and biases",
    gradient_rule="The bias enters the linear part with the factor 1: {chain} = {delta}. A weight enters it with "
    "the input of the layer as its factor:",
    gradient_sum="The gradients of the {t} examples add up:",
    block_gradient="Only the entries of {W} in its blocks have a derivative; the others are shown as 0.",
    kappa_rule="{kappa} blends the identity with the activation:",
    entry_title="{derivative}, along every path",
    paths="The paths",
    paths_rule="Number of paths through the network by which {entry} acts on {J}: {count}. Along a path the factors "
    "are multiplied, and the products of all paths add up:",
    too_many_paths="These are too many to follow one by one. Backpropagation adds them up layer by layer: {sum}.",
    largest_paths="The {shown} paths with the largest products are:",
    other_paths="The other {count} paths add up to {sum}.",
    why_title="Why {entry} moves",
    shares="The part of each example",
    share_rule="{derivative} is the sum of the parts of {t} examples, and so is the step of {entry}. The largest parts "
    "come first:",
    share="share",
    example_name="example",
    other_examples="{count} others",
    penalty_name="penalty",
    against="Number of examples that pull the other way: {count} of {t}.",
    checks="Checks without the chain rule",
    check_rule="Each derivative of {J} beside two measurements. The complex step is exact up to rounding; the central "
    "difference has about ten correct digits. Behind each is the number of leading digits that agree:",
    derivative="derivative",
    by_chain_rule="chain rule",
    by_complex_step="complex step",
    by_differences="difference",
    agreeing="digits",
    some_entries="{shown} of the {d} entries are shown: the first two of each array and its largest.",
    no_complex_step="–: differences do not confirm the complex step here, as at a kink, or the activation or the cost "
    "takes no complex numbers.",
    step="One step of gradient descent",
    step_rule="Each entry moves against its slope, {rule}, with the learning rate {alpha}:",
    entry="entry",
    old="old",
    new="new",
    prediction="The last line is the change that the gradient predicts for a small step; {change} is the real one.",
    remarks="Remarks",
    more_remarks="There are {count} more like this.",
    saturated="{slope} = {value}: the unit is saturated. A change of {z} hardly moves {a}, and little of the gradient "
    "passes it.",
    dead="{slope} = 0 for every example here: this {name} is dead. Row {row} of {W} and {b} get no gradient through "
    "it.",
    kink="{z} = {value} lies at a kink of {name}, where the slope is not unique; the library takes {slope} = {chosen}.",
    silent="Entry {columns} of {a} is 0 for every example here: that column of {W} gets no gradient.",
    twins="Units {one} and {other} of layer {i} have equal weights on both sides. Their gradients are equal too, so "
    "that the two rows of {W} stay equal in every step.",
    vanishing="The gradient vanishes on its way down: the largest entry of {first} is {small}, that of {last} is "
    "{large}.",
    perfect="{delta} = 0: the output is already optimal for the label, and every derivative is 0.",
    infinite="{J} or its gradient is not finite: numbers have overflowed.",
    rises="{J} changes by {change} in this step, which is not down: the learning rate {alpha} is too large here.",
    curved="{change} is {ratio} times what the gradient predicts: over this step {alpha} the cost is curved.",
    no_dropout="The network has dropout. This page shows the whole network, as predictions use it.",
)
