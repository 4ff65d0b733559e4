//! The gradients of a dataset's network, against central differences.

use std::cell::OnceCell;

use backburn_model::{Mlp, MlpConfig};
use backburn_training::{GradientCheck, StraightThrough, TOLERANCE, check_gradients};
use burn::tensor::{Device, Tensor};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::encoded_split::EncodedSplit;
use crate::error::Error;
use crate::network_config::network_config;
use crate::text::{count, layer_widths, shown};
use crate::work_memory::Work;

/// The largest number of rows in the loss.
const ROWS: usize = 16;

/// The check of the gradients of a network; made by [`check_network_gradients`].
#[derive(Debug, Clone)]
pub struct NetworkGradientCheck {
    /// The network.
    pub network: MlpConfig,
    /// The number of rows in the loss.
    pub rows: usize,
    /// The check of each parameter, and of the inputs if they are not all categories.
    pub parameters: Vec<GradientCheck>,
}

/// Checks the gradients that backpropagation computes for a network with its initial weights, on at most 16
/// training rows, in double precision (see [`check_gradients`]). `elements` is the number of elements of each
/// parameter to check, drawn at random with the seed of the config; `None` checks all. The gradients of a
/// step function are those of its surrogate.
///
/// # Errors
///
/// The rows cannot be encoded, or the network is not valid.
pub fn check_network_gradients(
    data: &Dataset,
    elements: Option<usize>,
    config: &Config,
    device: &Device,
) -> Result<NetworkGradientCheck, Error> {
    let data = &*data.for_config(config)?;
    let split = data.validation_split(config);
    let encoded = EncodedSplit::for_work(data, split, config, device, &Work::GradientCheck)?;
    let network = network_to_check(config, &encoded)?;
    let step = network.activation.is_step();
    let examples = encoded.training.slice(0, encoded.training.rows().min(ROWS));
    let seed = config.training.seed;
    device.seed(seed);
    let mlp = network.init(device)?;
    let criterion = config.training.criterion();
    let around = OnceCell::new();
    let in_double = examples.in_double();
    // The indices of categories are not numbers that can be differentiated.
    let [batch, columns] = examples.inputs.dims();
    let numbers = match network.inputs {
        0 => columns,
        inputs => inputs,
    };
    let inputs = examples.inputs.clone().slice([0..batch, 0..numbers]);
    let indices = in_double.inputs.clone().slice([0..batch, numbers..columns]);
    let mut parameters = check_gradients(&mlp, &inputs, elements, seed, |mlp: &Mlp, rows| {
        let rows = match numbers == columns {
            true => rows,
            false => Tensor::cat(vec![rows, indices.clone().autodiff()], 1),
        };
        let outputs = match step {
            true => around
                .get_or_init(|| StraightThrough::around(mlp, rows.clone()))
                .forward(mlp, rows),
            false => mlp.forward(rows),
        };
        criterion.forward(outputs, &in_double.targets, in_double.weights.as_ref())
    });
    if network.inputs == 0 {
        parameters.retain(|check| check.name != "inputs");
    }
    Ok(NetworkGradientCheck {
        network,
        rows: examples.rows(),
        parameters,
    })
}

/// The network of a dataset, without what makes its loss differ from one forward pass to the next.
fn network_to_check(config: &Config, encoded: &EncodedSplit) -> Result<MlpConfig, Error> {
    let rows = encoded.training.rows();
    let mut network = network_config(config, &encoded.encoder, &encoded.target, rows)?;
    if network.activation.is_step() {
        // The surrogate of a step is for one forward pass, and with dropout each pass differs.
        network.dropout = 0.0;
    }
    Ok(network)
}

impl NetworkGradientCheck {
    /// The names of the parameters whose error is not below the [`TOLERANCE`].
    pub fn wrong(&self) -> impl Iterator<Item = &str> {
        let checks = self.parameters.iter().filter(|check| !passes(check));
        checks.map(|check| check.name.as_str())
    }

    /// The widths of the network's layers and its activation function, as text.
    pub fn shape(&self) -> String {
        let widths = layer_widths(&self.network.widths());
        format!("{widths} ({})", self.network.activation)
    }

    /// What is checked, as a line of text.
    pub fn about(&self) -> String {
        let rows = count(self.rows, "row");
        format!("{rows} in 64 bits: backpropagation against central differences")
    }

    /// What the check means for a network whose derivative is 0.
    pub fn note(&self) -> Option<&'static str> {
        self.network.activation.is_step().then_some(
            "the derivative of a step is 0: this checks that the surrogate gradient is the gradient of the \
             function that it stands for",
        )
    }

    /// What is checked, of which dataset, in lines with short headings.
    pub fn in_words(&self, data: &Dataset) -> Vec<(&'static str, String)> {
        let (name, task) = (data.table().name(), data.task());
        let target = shown(data.target());
        let notes = data.warnings().iter().map(ToString::to_string);
        let notes = notes.chain(self.note().map(str::to_string));
        let facts = [
            ("table", format!("{name}, {target} ({task})")),
            ("network", self.shape()),
            ("check", self.about()),
        ];
        let notes = notes.map(|note| ("note", note));
        facts.into_iter().chain(notes).collect()
    }

    /// The checks as lines of text: a header, then a line for each parameter.
    pub fn lines(&self) -> Vec<String> {
        let header = format!(
            "{:<34} {:>12} {:>14} {:>11} {:>9}",
            "parameter", "shape", "checked", "largest", "error"
        );
        let lines = self.parameters.iter().map(line);
        [header].into_iter().chain(lines).collect()
    }
}

/// The verdict on all parameters of these networks, as a line of text.
///
/// # Errors
///
/// [`Error::Failed`] with the parameters whose error is not below the [`TOLERANCE`].
pub fn gradient_verdict(checks: &[NetworkGradientCheck]) -> Result<String, Error> {
    let wrong: Vec<&str> = checks.iter().flat_map(|check| check.wrong()).collect();
    if !wrong.is_empty() {
        return Err(Error::Failed(format!(
            "the gradient of {} differs from central differences by more than a relative {TOLERANCE:.0e}",
            wrong.join(", ")
        )));
    }
    let checked = checks.iter().map(|check| check.parameters.len()).sum();
    let checked = count(checked, "parameter");
    Ok(format!(
        "passed: {checked}, each within a relative {TOLERANCE:.0e} of central differences"
    ))
}

fn passes(check: &GradientCheck) -> bool {
    check.error < TOLERANCE
}

fn line(check: &GradientCheck) -> String {
    let shape: Vec<String> = check.shape.iter().map(usize::to_string).collect();
    let all: usize = check.shape.iter().product();
    let verdict = match (passes(check), check.kinks) {
        (false, _) => {
            let (index, gradient, difference) = check.worst;
            format!(" wrong: element {index} is {gradient:.6e}, the difference is {difference:.6e}")
        }
        (true, 0) => String::new(),
        (true, kinks) => format!(" {kinks} skipped: at a kink of the loss"),
    };
    format!(
        "{:<34} {:>12} {:>14} {:>11.2e} {:>9.0e}{verdict}",
        check.name,
        shape.join(" × "),
        format!("{} of {all}", check.checked),
        check.largest,
        check.error
    )
}
