"""The documentation of the parameters and the attributes that both estimators have."""

PARAMETERS = """
Parameters
----------
preset : {"fast", "default", "best"}, default="default"
    The settings to start from. Every setting below that is ``None`` has the value of the preset.
config : path or mapping, default=None
    Settings between the preset and the parameters: a config file (TOML) as ``trainer config`` prints it, or a
    mapping such as ``{"training": {"epochs": 50}}``.
random_state : int or RandomState, default=None
    The seed of all random numbers. With ``None`` it is the seed 0: the same data gives the same model.
time_limit : float, default=None
    The time limit of a fit in seconds. The fit ends with the best result so far.
verbose : bool, default=False
    Whether progress is printed to standard error.
callback : callable, default=None
    Called with each event of a fit as a dict, on another thread. An exception that it raises ends the fit.
columns : mapping of str to str, default=None
    The kinds of columns that are not inferred: ``"numeric"``, ``"boolean"``, ``"categorical"``, ``"date"`` or
    ``"ignored"``.
offset : str, default=None
    The column of X with the exposure of each row, a number above 0, for the losses ``"poisson"`` and ``"gamma"``:
    predictions are proportional to it. The columns of an array are ``"x0"``, ``"x1"`` and so on.
gap : float or str, default=None
    With times in ``fit``: the least time between training rows and the rows that they predict. A number for times
    that are numbers, and for dates a text such as ``"12h"`` or ``"7d"``.
metric : str, default=None
    The metric that selects the best epoch and the settings, in place of the validation loss: ``"rmse"``, ``"mae"``,
    ``"mape"``, ``"rmsle"``, ``"r2"``, ``"median_absolute_error"`` or ``"quantile(0.9)"`` for regression;
    ``"log_loss"``, ``"brier"``, ``"accuracy"``, ``"balanced_accuracy"``, ``"f1"``, ``"auc"``,
    ``"average_precision"``, ``"mcc"`` or ``"cost"`` for classification.
positive : label, default=None
    For classification: the positive one of two classes. If the metric depends on the predicted class, such as
    ``"f1"``, the decision threshold of this class is chosen for it.
costs : mapping of label to mapping of label to float, default=None
    For classification: the costs of predictions, by the true class and then the predicted class. Others cost 0.
    The class with the lowest expected cost is predicted.
quantiles : sequence of float, default=None
    For regression: the levels of the quantiles that the networks learn, such as ``(0.1, 0.5, 0.9)``. With them, the
    loss is ``"quantile"``.
class_weights : mapping of label to float, default=None
    For classification: the weight of the rows of a class, 1 unless set.
validation_fraction : float, default=None
    The fraction of rows that are held out to choose the best epoch.
refit : bool, default=None
    Whether a single network is trained a second time, on all rows.
target_transform : {"auto", "standard", "log", "none"}, default=None
    For regression: the transform of the target.
clip_predictions : bool, default=None
    For regression: whether predictions are clipped to the range of the training targets.
balance_classes : bool, default=None
    For classification: whether every class has the same total weight.
numeric_scaler : {"standard", "robust", "quantile"}, default=None
    The scaler of numeric columns.
bins : int or "auto", default=None
    The number of bins of a numeric column (piecewise linear encoding).
impute : bool, default=None
    Whether few missing values of a column are imputed from the other columns.
neighbor_features : bool, default=None
    Whether the mean target of the nearest rows in pairs of columns is an input.
knn_features : {"auto", "always", "never"}, default=None
    Whether the mean target of the nearest rows in all numeric columns is an input.
one_hot_max : int, default=None
    The largest number of categories for one-hot encoding; more are embedded.
embedding_dimension : int, default=None
    The length of the vector of an embedded category; 0 selects it.
hidden : sequence of int, default=None
    The number of units of each hidden layer.
activation : str, default=None
    The activation function, such as ``"silu"`` or ``"leaky_relu(0.01)"``.
dropout : float, default=None
    The probability that training drops a hidden unit.
normalization : {"none", "batch", "layer"}, default=None
    The normalization of the hidden layers.
residual : bool, default=None
    Whether hidden layers have skip connections.
initializer : str, default=None
    The initial weights, such as ``"kaiming_normal"``.
epochs : int, default=None
    The largest number of epochs.
batch_size : int, default=None
    The number of rows in a batch; depends on the number of rows unless set.
learning_rate : float or "auto", default=None
    The learning rate before the schedule; ``"auto"`` selects it by a range test.
loss : str, default=None
    ``"auto"``, ``"mean_squared_error"``, ``"mean_absolute_error"``, ``"huber"``, ``"quantile"``, ``"poisson"`` (counts)
    or ``"gamma"`` (amounts above 0) for regression; ``"auto"``, ``"cross_entropy"`` or ``"binary_cross_entropy"`` for
    classification.
huber_delta : float, default=None
    The error at which the loss ``"huber"`` changes from squared to absolute.
label_smoothing : float, default=None
    For classification: the probability that is spread over all classes.
clip_norm, clip_value : float, default=None
    Gradient clipping: the largest norm, and the largest absolute value of an element.
patience : int, default=None
    Early stopping: the number of epochs without a lower validation loss; 0 turns it off.
weight_averaging : int, default=None
    Weight averaging: the number of last epochs whose weights are averaged.
fused : bool, default=None
    Whether a plain network is trained over arrays, which is faster.
optimizer : str, default=None
    ``"sgd"``, ``"adam"``, ``"adamw"``, ``"rmsprop"``, ``"adagrad"``, ``"adafactor"``, ``"adan"``, ``"lamb"`` or
    ``"lion"``.
optimizer_momentum, optimizer_nesterov, optimizer_weight_decay, optimizer_beta_1, optimizer_beta_2, \
optimizer_epsilon : default=None
    The settings of the optimizer.
schedule : str, default=None
    The learning rate schedule: ``"constant"``, ``"linear"``, ``"cosine"``, ``"step"``, ``"exponential"``,
    ``"flat_cosine"``, ``"cosine_log4"``, ``"cosine_restarts"``, ``"one_cycle"`` or ``"plateau"``.
schedule_warmup, schedule_end, schedule_step_epochs, schedule_gamma, schedule_restart_factor, schedule_patience : \
default=None
    The settings of the schedule.
ensemble_members : int or "auto", default=None
    The number of networks whose outputs are averaged.
ensemble_folds : int, default=None
    The number of folds of the rows; each network has another fold as its validation rows.
ensemble_widths : sequence of int, default=None
    Factors of the widths of the hidden layers, which the networks take in turn.
"""

ATTRIBUTES = """
n_features_in_ : int
    The number of columns of X in ``fit``.
feature_names_in_ : ndarray of shape (n_features_in_,)
    Their names, if X was a table whose names are all strings.
n_iter_ : int
    The number of epochs that were trained.
history_ : dict or None
    The history of the network that was diagnosed: ``start``, ``epochs`` and ``stop``. A number that is not finite is
    ``None``. ``None`` for an estimator that was loaded.
findings_ : list of dict
    The problems that the diagnosis found, each with its ``evidence``, a ``remedy`` and ``settings`` that help.
validation_scores_ : dict
    The score on validation rows by the name of the metric: its ``value``, its ``standard_error``, and the score of a
    ``constant`` prediction on the same rows; ``None`` for what is not known. Empty without validation rows.
notes_ : list of str
    What to know about the columns and rows, such as columns that are not used.
"""
