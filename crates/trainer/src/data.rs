//! From a table to examples.

use std::borrow::Cow;

use backburn_model::{MlpConfig, Normalization};
use backburn_tabular::{
    CellError, ColumnKind, ColumnSchema, Encoder, Learning, Neighbours, Schema, Split, Table,
    TableError, Target, Task, Unseen,
};
use backburn_training::{Examples, LearningRate, Loss};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::args::TableArgs;
use crate::config::{RunConfig, SimilarRows};
use crate::console::{count, shown};
use crate::error::Error;
use crate::memory::room_for_training;

/// A table understood: what its columns are, what is predicted, which rows say what.
#[derive(Clone)]
pub struct Understood {
    pub schema: Schema,
    pub task: Task,
    pub target: String,
    /// Rows to learn from: those with a target and a weight above 0.
    pub rows: Vec<usize>,
    /// For classification, the classes of those rows.
    pub classes: Option<Vec<usize>>,
    /// How much each row of the table counts, if there is a column that says so.
    weights: Option<Vec<f64>>,
    weight: Option<String>,
    /// What was done to the table, for people.
    pub notes: Vec<String>,
}

/// Examples to train on and to validate on, with what made them.
pub struct Prepared {
    pub encoder: Encoder,
    pub target: Target,
    pub training: Examples,
    pub validation: Option<Examples>,
    pub split: Split,
    /// Columns that never vary in the rows trained on.
    pub left_out: Vec<String>,
}

impl Prepared {
    /// The examples of a split, out of those to train on, which are `rows` in this order.
    pub fn part(&self, split: &Split, rows: &[usize]) -> Self {
        let select = |part: &[usize]| {
            let places = part.iter().filter_map(|row| rows.binary_search(row).ok());
            self.training.select(&places.collect::<Vec<_>>())
        };
        Self {
            encoder: self.encoder.clone(),
            target: self.target.clone(),
            training: select(&split.training),
            validation: (!split.validation.is_empty()).then(|| select(&split.validation)),
            split: split.clone(),
            left_out: self.left_out.clone(),
        }
    }
}

impl Understood {
    /// A table as the command line says.
    pub fn of_args(table: &Table, args: &TableArgs, config: &RunConfig) -> Result<Self, Error> {
        let task = args.task.map(Into::into);
        Self::new(table, &args.target, task, args.weight.as_deref(), config)
    }

    pub fn new(
        table: &Table,
        target: &str,
        task: Option<Task>,
        weight: Option<&str>,
        config: &RunConfig,
    ) -> Result<Self, Error> {
        table.column(target)?;
        if weight == Some(target) {
            let reason = "--weight: the target cannot be the weight too";
            return Err(Error::Usage(reason.to_string()));
        }
        let weights = weight.map(|column| weights(table, column)).transpose()?;
        let mut overrides = config.columns.clone();
        // What is said of the target as a column says what there is to predict.
        let task = task.or_else(|| match overrides.get(target)? {
            ColumnKind::Numeric => Some(Task::Regression),
            ColumnKind::Categorical | ColumnKind::Boolean => Some(Task::Classification),
            _ => None,
        });
        match task {
            Some(Task::Regression) => overrides.insert(target.to_string(), ColumnKind::Numeric),
            Some(Task::Classification) => {
                overrides.insert(target.to_string(), ColumnKind::Categorical)
            }
            None => overrides.remove(target),
        };
        let schema = Schema::infer(table, &overrides)?;
        let task = match task {
            Some(task) => task,
            None => Task::infer(table, &schema, target)?,
        };
        let mut notes = notes_on_columns(&schema, target, weight);
        let known = Target::known_rows(table, target, task)?;
        if known.len() < table.rows() {
            let dropped = count(table.rows() - known.len(), "row");
            let why = match task {
                Task::Regression => "missing, infinite or too large",
                Task::Classification => "missing",
            };
            notes.push(format!("{dropped} left out: `{}` is {why}", shown(target)));
        }
        if task == Task::Regression {
            config.refuse_settings_of_classes()?;
        }
        let rows: Vec<usize> = match &weights {
            None => known,
            Some(weights) => known
                .into_iter()
                .filter(|&row| weights[row] > 0.0)
                .collect(),
        };
        if rows.is_empty() {
            let column = weight.unwrap_or_default();
            let reason = format!("every row has weight 0 in `{column}`");
            return Err(Error::Failed(format!("{}: {reason}", table.name())));
        }
        let classes = match task {
            Task::Regression => None,
            Task::Classification => {
                let fitted = Target::fit(table, target, task, &rows, &rows)?;
                let of_row = fitted.classes(table)?;
                Some(rows.iter().filter_map(|&row| of_row[row]).collect())
            }
        };
        Ok(Self {
            schema,
            task,
            target: target.to_string(),
            rows,
            classes,
            weights,
            weight: weight.map(str::to_string),
            notes,
        })
    }

    /// The same with some of its rows alone, in rising order.
    pub fn on(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows.to_vec(),
            classes: self.classes_of(rows),
            ..self.clone()
        }
    }

    /// The same for a table of these rows alone, in this order, which is rising.
    pub fn selected(&self, rows: &[usize]) -> Self {
        let of_rows = |weights: &Vec<f64>| rows.iter().map(|&row| weights[row]).collect();
        Self {
            schema: self.schema.clone(),
            task: self.task,
            target: self.target.clone(),
            rows: (0..rows.len()).collect(),
            classes: self.classes_of(rows),
            weights: self.weights.as_ref().map(of_rows),
            weight: self.weight.clone(),
            notes: Vec::new(),
        }
    }

    /// Whether rows can be told to be similar, and the targets of similar ones not be too many inputs.
    pub fn may_have_similar_rows(&self) -> bool {
        let numeric = |column: &&ColumnSchema| column.kind == ColumnKind::Numeric;
        let last_class = self.classes.iter().flatten().max();
        self.beside_the_target().filter(numeric).count() >= 2
            && last_class.is_none_or(|&class| class < Neighbours::MOST_OUTPUTS)
    }

    /// The columns to learn from.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.beside_the_target()
            .filter(|column| column.kind != ColumnKind::Ignored)
            .map(|column| column.name.as_str())
    }

    fn beside_the_target(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.schema.columns.iter().filter(|column| {
            column.name != self.target && Some(&column.name) != self.weight.as_ref()
        })
    }

    /// What the columns were taken for, in a few words: `2 numeric (size, built), 1 date (sold)`.
    pub fn columns_in_words(&self) -> String {
        const NAMES: usize = 4;
        let kinds = [
            ColumnKind::Numeric,
            ColumnKind::Boolean,
            ColumnKind::Categorical,
            ColumnKind::Date,
            ColumnKind::Ignored,
        ];
        let words = kinds.into_iter().filter_map(|kind| {
            let columns: Vec<&ColumnSchema> = self
                .beside_the_target()
                .filter(|c| c.kind == kind)
                .collect();
            let names = columns.iter().take(NAMES).map(|column| shown(&column.name));
            let mut names: Vec<String> = names.collect();
            if columns.len() > NAMES {
                names.push("…".to_string());
            }
            let names = names.join(", ");
            (!columns.is_empty()).then(|| format!("{} {kind} ({names})", columns.len()))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The split that the config asks for.
    pub fn split(&self, config: &RunConfig) -> Split {
        Split::new(
            &self.rows,
            config.data.validation,
            self.classes.as_deref(),
            config.training.seed,
        )
    }

    /// The classes of some of [`rows`](Self::rows), if classes are predicted; both in rising order.
    pub fn classes_of(&self, some: &[usize]) -> Option<Vec<usize>> {
        let classes = self.classes.as_ref()?;
        let of_row = self.rows.iter().zip(classes);
        let of_some = of_row.filter(|(row, _)| some.binary_search(row).is_ok());
        Some(of_some.map(|(_, class)| *class).collect())
    }

    /// Fits the encoder and the target on the rows to train on alone, and encodes all that are needed.
    pub fn prepare(
        &self,
        table: &Table,
        split: Split,
        config: &RunConfig,
        device: &Device,
    ) -> Result<Prepared, Error> {
        let excluded: Vec<&str> = [Some(self.target.as_str()), self.weight.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        let (encoder, left_out) = Encoder::fit(
            table,
            &self.schema,
            &excluded,
            &split.training,
            &config.data.encoder(),
        )?;
        let encoder = match config.data.impute {
            true => encoder.with_imputer(table, &split.training),
            false => encoder,
        };
        let target = Target::fit(table, &self.target, self.task, &self.rows, &split.training)?
            .with_scale(config.data.target_scale, table, &self.rows, &split.training)?;
        let target = match config.data.clip_predictions {
            true => target.with_bounds(table, &split.training)?,
            false => target,
        };
        // Others are trained one after the other.
        let fused = config.training.fused && config.training.learning_rate != LearningRate::Auto;
        let members = match fused {
            true => config.ensemble.members.count(),
            false => 1,
        };
        let truth = Truth::of(table, &target)?;
        let mut width = encoder.width();
        if config.data.similar_rows == SimilarRows::Always {
            let bins = config.data.bins.of(split.training.len());
            width += Neighbours::widest(truth.width(), bins);
        }
        room_for_training(table.name(), table.rows(), width, members)?;
        let numbers = encoder.encode(table)?;
        let (mut encoder, mut numbers) = (encoder, numbers);
        if let Some((targets, outputs)) = truth.outputs() {
            let from = Learning {
                targets: &targets,
                outputs,
                training: &split.training,
                options: &config.data.encoder(),
            };
            if config.data.neighbours {
                (encoder, numbers) = encoder.with_neighbours(numbers, &from);
            }
            if config.data.similar_rows == SimilarRows::Always {
                (encoder, numbers) = encoder.with_similar_rows(numbers, &from);
            }
        }
        let examples = self.examples((numbers, encoder.width()), truth, &target, config, device)?;
        let validation = (!split.validation.is_empty()).then(|| examples.select(&split.validation));
        Ok(Prepared {
            training: examples.select(&split.training),
            validation,
            encoder,
            target,
            split,
            left_out,
        })
    }

    /// Every row of the table as an example; only those of [`rows`](Self::rows) mean something.
    fn examples(
        &self,
        (numbers, width): (Vec<f32>, usize),
        truth: Truth,
        target: &Target,
        config: &RunConfig,
        device: &Device,
    ) -> Result<Examples, Error> {
        let rows = numbers.len() / width;
        let inputs = Tensor::from_data(TensorData::new(numbers, [rows, width]), device);
        let mut weights = self.weights.clone();
        let examples = match (truth, target) {
            (Truth::Values(values), _) => {
                let values = Tensor::from_data(TensorData::new(values, [rows, 1]), device);
                Examples::regression(inputs, values)
            }
            (Truth::Classes(of_row, _), target) => {
                if let Target::Classification { classes, .. } = target
                    && let Some(of_class) = self.class_weights(classes, config)?
                {
                    let weights = weights.get_or_insert_with(|| vec![1.0; rows]);
                    for (weight, class) in weights.iter_mut().zip(&of_row) {
                        *weight *= class.map_or(0.0, |class| of_class[class]);
                    }
                }
                let indices: Vec<i64> = of_row.iter().map(|c| c.unwrap_or(0) as i64).collect();
                let indices = TensorData::new(indices, [rows]);
                Examples::classification(inputs, Tensor::<1, Int>::from_data(indices, device))
            }
        };
        Ok(match weights {
            None => examples,
            Some(weights) => {
                let mean =
                    self.rows.iter().map(|&row| weights[row]).sum::<f64>() / self.rows.len() as f64;
                let weights: Vec<f32> = weights.into_iter().map(|w| (w / mean) as f32).collect();
                examples.with_weights(Tensor::from_data(TensorData::new(weights, [rows]), device))
            }
        })
    }

    /// How much the rows of each class count, if they do not all count the same.
    fn class_weights(
        &self,
        classes: &[String],
        config: &RunConfig,
    ) -> Result<Option<Vec<f64>>, Error> {
        if let Some(unknown) = config
            .class_weights
            .keys()
            .find(|name| !classes.contains(name))
        {
            let known = classes.join(", ");
            let message = format!("class_weights.{unknown}: there is no such class, only {known}");
            return Err(Error::Usage(message));
        }
        if config.class_weights.is_empty() && !config.data.balance_classes {
            return Ok(None);
        }
        let mut counts = vec![0usize; classes.len()];
        for &class in self.classes.iter().flatten() {
            counts[class] += 1;
        }
        let weights = classes.iter().zip(counts).map(|(name, rows)| {
            let balance = match config.data.balance_classes {
                true => self.rows.len() as f64 / (classes.len() * rows.max(1)) as f64,
                false => 1.0,
            };
            balance * config.class_weights.get(name).copied().unwrap_or(1.0)
        });
        Ok(Some(weights.collect()))
    }
}

/// What the network is to give, row by row.
enum Truth {
    /// Scaled numbers.
    Values(Vec<f32>),
    /// Classes, and how many there are.
    Classes(Vec<Option<usize>>, usize),
}

impl Truth {
    fn of(table: &Table, target: &Target) -> Result<Self, Error> {
        Ok(match target {
            Target::Regression { .. } => {
                let values = target.values(table)?.into_iter();
                Self::Values(values.map(|value| target.scale(value) as f32).collect())
            }
            Target::Classification { classes, .. } => {
                Self::Classes(target.classes(table)?, classes.len())
            }
        })
    }

    /// Numbers for each row in [`outputs`](Self::outputs).
    fn width(&self) -> usize {
        match self {
            Self::Values(_) | Self::Classes(_, 2) => 1,
            Self::Classes(_, classes) => *classes,
        }
    }

    /// The same as numbers, and how many for each row: of two classes whether it is the second, of more
    /// whether it is each. `None` for more than neighbours are asked for.
    fn outputs(&self) -> Option<(Cow<'_, [f32]>, usize)> {
        match self {
            Self::Values(values) => Some((Cow::Borrowed(values), 1)),
            Self::Classes(of_row, classes) => {
                let (first, width) = match classes {
                    2 => (1, 1),
                    _ => (0, *classes),
                };
                let is = |class: Option<usize>| {
                    (first..*classes).map(move |c| f32::from(class == Some(c)))
                };
                let numbers = || of_row.iter().flat_map(|&class| is(class)).collect();
                (width <= Neighbours::MOST_OUTPUTS).then(|| (Cow::Owned(numbers()), width))
            }
        }
    }
}

/// A network that fits the encoder, the target and the number of rows to train on, everything else
/// as the config says.
pub fn network_config(
    config: &RunConfig,
    encoder: &Encoder,
    target: &Target,
    rows: usize,
) -> Result<MlpConfig, Error> {
    let loss = config.training.loss;
    let refuse = |reason: String| Err(Error::Usage(format!("training.loss: {reason}")));
    let outputs = match (target, loss) {
        (Target::Regression { .. }, Loss::CrossEntropy | Loss::BinaryCrossEntropy) => {
            return refuse("this loss is for classes, and the target is a number".to_string());
        }
        (Target::Regression { .. }, _) => 1,
        (Target::Classification { classes, .. }, Loss::Auto | Loss::CrossEntropy) => classes.len(),
        (Target::Classification { classes, .. }, Loss::BinaryCrossEntropy) => match classes.len() {
            2 => 1,
            found => {
                return refuse(format!(
                    "binary_cross_entropy tells two classes apart, and there are {found}: use \
                     cross_entropy"
                ));
            }
        },
        (Target::Classification { .. }, _) => {
            return refuse("this loss is for numbers, and the target is a class".to_string());
        }
    };
    let mut network = config.network.clone();
    network.inputs = encoder.inputs();
    network.outputs = outputs;
    network.embeddings = encoder.embeddings();
    network.validate()?;
    if network.normalization == Normalization::Batch
        && (rows == 1 || config.training.batch_size == Some(1))
    {
        return Err(Error::Usage(
            "network.normalization: \"batch\" needs batches of at least 2 rows: set \
             training.batch_size, or use \"layer\""
                .to_string(),
        ));
    }
    Ok(network)
}

fn weights(table: &Table, column: &str) -> Result<Vec<f64>, Error> {
    table
        .column(column)?
        .cells()
        .enumerate()
        .map(|(row, cell)| match cell.number() {
            Some(weight) if weight.is_finite() && weight >= 0.0 => Ok(weight),
            _ => Err(Error::Table(TableError::Cell {
                place: table.place(row),
                error: CellError {
                    column: column.to_string(),
                    row,
                    value: cell.category().unwrap_or_default().into_owned(),
                    expected: "weights, which are numbers of at least 0",
                },
            })),
        })
        .collect()
}

/// What was done to categories that training had not, if there were any.
pub fn note_on_unseen(unseen: &Unseen) -> Option<String> {
    let Unseen(unseen) = unseen;
    let mut columns: Vec<String> = unseen
        .iter()
        .take(6)
        .map(|(column, rows)| format!("`{}` in {}", shown(column), count(*rows, "row")))
        .collect();
    if unseen.len() > columns.len() {
        columns.push("…".to_string());
    }
    let columns = columns.join(", ");
    let words = format!("categories that training had not count as none: {columns}");
    (!unseen.is_empty()).then_some(words)
}

/// What was done to which columns.
fn notes_on_columns(schema: &Schema, target: &str, weight: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    let mut missing = Vec::new();
    for column in &schema.columns {
        let name = shown(&column.name);
        if column.name == target || Some(column.name.as_str()) == weight {
            continue;
        }
        if let Some(reason) = &column.reason {
            notes.push(format!("column `{name}` ignored: {reason}"));
            continue;
        }
        if column.missing > 0 {
            missing.push(format!("`{name}` {}", column.missing));
        }
        if column.infinite > 0 {
            let rows = count(column.infinite, "row");
            notes.push(format!(
                "column `{name}`: infinite or too large in {rows}, treated as missing"
            ));
        }
    }
    if !missing.is_empty() {
        let columns = count(missing.len(), "column");
        let first = missing
            .iter()
            .take(6)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let more = if missing.len() > 6 { ", …" } else { "" };
        notes.push(format!(
            "missing values in {columns} ({first}{more}): a missing number is marked by an input of its \
             own, or where hardly one is missing guessed; a missing category is one of its own"
        ));
    }
    notes
}
