"""Every term that a page uses, in one plain sentence or two."""

from __future__ import annotations

TERMS = {
    "Account": "One reason for which rows of a class are missed. Each missed row stands in exactly one.",
    "Accuracy": "The share of all rows that are taken for their own class. It is the recall weighted by class size, so the largest class rules it.",
    "Angular gap": "The angle between the directions of two classes, seen from the centre of the plane: 0 degrees alike, 180 opposite.",
    "Arousal": "How stirred up a feeling is, from calm to excited.",
    "Average precision": "The area under the precision and recall curve of the class of interest. A random ranking "
    "reaches the prevalence, so compare it with that and not with 0.5.",
    "Balanced accuracy": "The mean of the recalls of all classes. Each class counts the same, however rare it is.",
    "Balanced AUC": "The chance that, of one row of each of two classes, the right one is ranked first. 0.5 is guessing, and class sizes do not enter.",
    "Baseline": "Do nothing to the rows or weights, and put the threshold where it belongs. Every recipe is compared with it.",
    "Bhattacharyya distance": "How little two clouds of rows share, in places and in spread. 0 is the same cloud.",
    "Brier score": "The mean squared distance between the probabilities and what happened. Lower is better.",
    "Brown–Forsythe test": "A test of whether a column spreads as far in one class as in another, "
    "which a few extreme cells cannot decide.",
    "Calibrated": "Of all rows with probability 0.2, a fifth belongs to the class. Only such probabilities can be read as risks.",
    "Calibration intercept": "How far all probabilities are too low (above 0) or too high (below 0), on the scale of log-odds.",
    "Calibration slope": "1 when the spread of the probabilities is right; below 1 they are too extreme, above 1 too timid.",
    "Cases and controls": "The rows of the rare class, and the few rows of other classes that are kept for each of them. Because it is known how many were "
    "left out, probabilities can be carried back.",
    "Category": "A value that is a name and not an amount. Numbers that are codes, such as 1 for north and 2 for south, are categories: 2 is not twice 1.",
    "Circumplex": "A plane in which classes are told by angle and radius around a centre, as feelings by valence and arousal.",
    "Class of interest": "The class that must not be missed. Recall, precision and average precision are about it.",
    "Complexity measure": "A number for how hard classes are to tell apart, before any model. Here a "
    "larger one is always harder.",
    "Confident learning": "Counting a row for another class where its probability is as high as is usual among the rows labelled so. "
    "In a rare class it also counts many rows whose label is right.",
    "Conflict matrix": "How far the steps that two classes ask for point the same way (1) or opposite ways (−1). With two classes it nears −1 on any table.",
    "Contradiction": "Two rows that are equal in every column and carry different labels.",
    "Correlation ratio": "How much of the spread of a number lies between the levels of a text, as a correlation from 0 to 1.",
    "Cosine": "1 when two directions are the same, 0 when they have nothing in common, −1 when they are opposite.",
    "Cost of a miss": "How many false alarms you would accept to avoid one miss. With calibrated probabilities the best "
    "threshold is 1 / (1 + this number). Zero means that you state no cost.",
    "Cramér's V": "How strongly two columns of texts go together: 0 not at all, 1 when one tells the other.",
    "Discriminant axis": "The mix of columns along which the centres of the classes lie furthest apart, measured in the spread within classes.",
    "Dispersion": "How far the rows of a class lie from its centre in the plane; 1 is the mean of all classes.",
    "Divergence": "How differently two groups of rows are spread, from 0 (alike) to 1 (no value in common). Here the Jensen–Shannon divergence in bits.",
    "Dose": "Synthetic rows of the class of interest per real one. 0 is none, 1 doubles the class.",
    "Duplicate": "A row that equals another row in every column. If both sides of a split hold it, scores are too good.",
    "Effective prior": "The class shares by which a recipe decides, once sampling, weights, corrections and the threshold are put together.",
    "Embedding": "Rows as points in a space that a model has learned, such as the inner layer of a network.",
    "Ensemble": "Several models that answer together, here each fitted on another balanced part of the rows.",
    "Entropy": "How much there is to know about the class of a row, in bits. One bit is a fair coin; a rare class leaves little to know.",
    "Epoch": "One pass of training over all rows.",
    "Equal sizes": "As many rows of a class as of the others are drawn, so that what is left is not due to rarity.",
    "Error severity": "How far apart truth and prediction lie in the plane, on average over the errors. 1 is the largest distance of two classes.",
    "F1": "The harmonic mean of precision and recall. It ignores the rows that are rightly left alone.",
    "False alarm": "A row of another class that is taken for the class of interest.",
    "Far out": "A cell that lies more than ten times as far beyond the middle 98 % of its column as that is wide.",
    "Focal loss": "A loss that counts rows less that are already predicted well. Its probabilities are not risks until they are taken back.",
    "Fold": "One part of the rows. The learner is trained on the other parts and scored on this one, in turn.",
    "Geometric cost": "A cost of mistakes that grows with the distance of the classes. The uniform cost, the same for every mistake, is its control.",
    "Gradient": "The step by which training would change the model to please some rows. Each class asks for one of its own.",
    "Group": "Rows that belong together, such as all rows of one patient. They should stand on one side of a split.",
    "Hardness": "How hard it is to believe the label of a row: the loss under that label, by models that did not see the row.",
    "Hidden positive": "A row of the class of interest that carries another label.",
    "Imbalance degree": "How unequal the class sizes are: the whole number counts the short classes, "
    "the rest how short they are.",
    "Imbalance ratio": "Rows of the largest class over rows of the smallest. It is a fact about the table, not a fault.",
    "Interference": "The part of the progress of one class that a training step of another class undoes.",
    "Interval": "Where the true value plausibly lies, at 95 %. When the interval of a difference includes zero, no gain is claimed.",
    "k-means": "A way to cut rows into so many groups as one asks for, each around a middle of its own.",
    "kDN": "The share of a row's five nearest rows that carry another label, on average.",
    "Kolmogorov–Smirnov distance": "The largest difference between the shares of two groups that lie below one value. 0 is alike, 1 is apart.",
    "Label": "The class that the table states for a row. It may be wrong.",
    "Leak": "A column that tells the class but will not be known when the model is used.",
    "Learner": "The kind of model that every recipe is tried on: boosted trees, or a linear model.",
    "Learning curve": "How recall grows with the number of rows that are learned from. Where it is flat, more rows of the same kind do not help.",
    "Ledger": "Every missed row of a class, sorted by the reason for the miss. Its accounts add up to the missed rows.",
    "Little's test": "A test of whether rows with different gaps have the same means in the columns that they share. "
    "A small p says that gaps depend on values that are seen.",
    "Log loss": "How surprised the model is by what happened. It punishes confident mistakes. Lower is better.",
    "Macro average": "The plain mean over classes: each class counts the same.",
    "Mahalanobis distance": "The distance of two class centres in units of the spread within classes.",
    "Maturity": "Established methods are in textbooks and libraries. Emerging ones rest on a recent or inferred formula.",
    "Matthews correlation": "The correlation between what was predicted and what was true. Zero is chance, one is perfect.",
    "Minority collapse": "Rare classes end up at one point of an embedding: told from the frequent class, and not from each other.",
    "Miss": "A row of the class of interest that is taken for another class.",
    "Missing at random": "Whether a cell is empty depends only on values that are seen in the row. No test can prove it.",
    "Missing completely at random": "Whether a cell is empty depends on nothing: rows without gaps are a fair sample of all rows.",
    "Missing pattern": "The set of columns that a row lacks. Few patterns mean few reasons for gaps.",
    "Mutual information": "How much knowing a column tells about the class, in bits. It sees any form of dependence, for numbers and text alike.",
    "N1": "The share of rows that the shortest tree through all rows joins to a row of another class.",
    "N3": "The share of rows whose nearest row carries another label.",
    "Near-copy": "A row that lies far closer to another row of its class than independent rows do, and is not equal to it.",
    "Neighbourhood type": "Safe, borderline, rare or outlier: how many of the five nearest rows share "
    "the label of a row.",
    "Nested gaps": "Columns in an order in which a gap in one comes with gaps in all later ones, as when rows stop at some point. "
    "Also called a monotone pattern.",
    "Network": "A small neural network: its inner layer makes new columns from those of the table, and its last layer makes probabilities of them.",
    "Normal scores": "The values of a column replaced by those that a bell curve would have at the same ranks.",
    "Nuisance": "A site, device or batch that a row comes from. It should not tell the class.",
    "Null": "The value that chance alone gives at the same class sizes. A number counts as evidence only beyond it.",
    "Observed over expected": "Rows of the class of interest over the sum of their probabilities. Below 1 the probabilities "
    "are too high, as after resampling.",
    "Out of fold": "Predicted by a model that never saw the row.",
    "Outlier": "A cell far from the median of its column, counted in units that outliers themselves cannot stretch.",
    "Over-suppressed": "A rare class that focal loss reports at less than its share, although the loss is meant to help rare classes.",
    "Overlap": "Rows of different classes lie among each other, so that the columns cannot tell them apart.",
    "Parity": "As many rows of each class in what a learner is given.",
    "Planted condition": "One fault built into a generated table, such as wrong labels, while class sizes stay. A check should name its own and no other.",
    "Precision": "Of the rows taken for the class of interest, the share that belongs to it.",
    "Prevalence": "The share of the class of interest among all rows.",
    "Prior correction": "Probabilities learned at other class sizes, carried to those of the table by a formula.",
    "Probe": "A row whose label is known and is changed on purpose, to see whether a check would find it.",
    "Prototype": "One row, or one centre, that stands for many rows of its class.",
    "Quadrant": "One of the four quarters of a plane. An error that stays in the quadrant of the true class is a near miss.",
    "Quartile": "A quarter of the cells lies below the first quartile, half below the second, which is the median, three quarters below the third.",
    "Recall": "Of the rows of the class of interest, the share that is found.",
    "Recall at prevalence": "Recall when as many rows are taken for the class as it has. Precision is then the same number.",
    "Recipe": "Remedies that are used together: how rows are sampled or weighted, how probabilities are corrected, where the threshold lies.",
    "Redundant columns": "Columns of which one can be told from the other almost without error, so that one of them is enough.",
    "Remedy": "A change to how the learner is trained or how its probabilities are used. It is refitted inside every fold.",
    "Review queue": "The rows whose label somebody should look at, the surest first, each with its reasons.",
    "ROC-AUC": "The chance that a row of the class of interest gets a higher probability than a row of another class.",
    "Role of a column": "What a column is for. A feature is learned from. A group says which rows belong together, a time which came first: both rule the folds. An identifier, a second label and a column left out are not learned from. A sensitive column is a feature to look at by group.",
    "Scarcity": "Too few rows of a class for its pattern to be learned, whatever its share of the table.",
    "Seed": "The number from which all randomness starts. The same seed gives the same results.",
    "Sensitivity": "Another word for recall.",
    "Shapley value": "What a column adds to the prediction for one row, averaged over all orders in which columns may be added.",
    "Spearman correlation": "The correlation of ranks: 1 when two numbers rise together, −1 when one falls as the other rises, whatever the shape of the curve.",
    "Specificity": "Of the rows of the other classes, the share that is not taken for the class of interest.",
    "Structural imbalance": "How unequal the sub-clusters of a class are: 0 when all are as large, "
    "near 1 when one holds nearly all rows.",
    "Sub-cluster": "A group of rows of one class that lies apart from the other rows of the class.",
    "Synthetic row": "A row that a sampler made. It trains a model and never tests one.",
    "Target": "The column with the classes that the learner should tell apart.",
    "Test rows": "Rows that are kept apart until the end: nothing is fitted, chosen or tuned on them.",
    "Therapeutic dose": "The smallest dose of synthetic rows that helps: its gain over no synthetic rows is more than the folds disagree about.",
    "Threshold": "The probability from which a row is taken for the class of interest. It need not be 0.5.",
    "Tomek link": "Two rows of different classes that are each other's nearest row. They lie on the border, or one has the wrong label.",
    "Total variation": "The share of rows that would have to change their level for two groups to be alike. 0 is alike, 1 is apart.",
    "Toxic dose": "The smallest dose of synthetic rows that harms: its loss against no synthetic rows is more than the folds disagree about.",
    "Valence": "How pleasant a feeling is, from unpleasant to pleasant.",
    "Weighted average": "A mean over classes in which each counts by its rows. It can look good while a rare class is never found.",
    "Working sample": "The rows that the checks look at when a table is large: all rows of the rare classes and a random share of the others, with weights that make up for it.",
}
"""Terms in the order of the alphabet; pages take their help texts from here."""


def term(name: str) -> str:
    """What a term means.

    Examples
    --------
    >>> term("Prevalence")
    'The share of the class of interest among all rows.'
    """
    return TERMS[name]
