//! A model as files for PyTorch.

use std::collections::HashMap;

use backburn::{ColumnEncoder, SavedModel};
use backburn_model::{Activation, Block, Mlp};
use backburn_preprocessing::Imputer;
use backburn_table::ColumnFormat;
use burn::nn::Linear;
use burn::nn::norm::Normalization;
use burn::tensor::Tensor;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::{Map, Value, json};

use crate::check_target::check_target;
use crate::error::ExportError;
use crate::parameters::numbers;

/// The module that loads the tensors; it is the same for all models.
const MODULE: &str = include_str!("pytorch.py");
/// The key of the settings in the metadata of the tensors.
const KEY: &str = "settings";

/// A model as two files for PyTorch. The module reads the tensors from a file that has its name with the suffix
/// `.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PyTorchFiles {
    /// A safetensors file: the weights with PyTorch's names and shapes, and the settings of the preprocessing.
    pub tensors: Vec<u8>,
    /// A Python file: a `torch.nn.Module` with its preprocessing in NumPy.
    pub module: &'static str,
}

/// Exports a model as a PyTorch module.
///
/// # Errors
///
/// A part of the model that cannot be exported, such as a decision threshold.
pub fn export_pytorch(model: &SavedModel) -> Result<PyTorchFiles, ExportError> {
    check_target(model)?;
    if let Some(column) = model
        .encoder
        .columns
        .iter()
        .find(|column| !is_known(column))
    {
        return Err(ExportError::Unsupported {
            part: format!("the encoding of the column `{}`", column.name()),
            advice: "--ignore for this column",
        });
    }
    let mut tensors = Tensors::default();
    for (index, member) in model.network.members.iter().enumerate() {
        tensors.add_network(&format!("members.{index}"), member)?;
    }
    let mut neighbors = 0;
    for tensor in model.encoder.tensors() {
        let shape = vec![tensor.numbers.len() / tensor.width.max(1), tensor.width];
        let name = match tensor.name.as_str() {
            Imputer::TENSOR => "preprocessing.imputer".to_string(),
            _ => {
                neighbors += 1;
                format!("preprocessing.neighbors.{}", neighbors - 1)
            }
        };
        tensors.add(name, shape, tensor.numbers);
    }
    let metadata = HashMap::from([(KEY.to_string(), settings(model).to_string())]);
    Ok(PyTorchFiles {
        tensors: tensors.to_bytes(metadata)?,
        module: MODULE,
    })
}

fn is_known(column: &ColumnEncoder) -> bool {
    matches!(
        column,
        ColumnEncoder::Numeric { .. }
            | ColumnEncoder::Boolean { .. }
            | ColumnEncoder::Date { .. }
            | ColumnEncoder::OneHot { .. }
            | ColumnEncoder::Embedding { .. }
    )
}

/// What the module needs besides the tensors.
fn settings(model: &SavedModel) -> Value {
    let members = model.network.members.iter();
    let hidden: Vec<Vec<usize>> = members.map(Mlp::hidden_units).collect();
    let columns = model.format.columns.iter();
    let sentinels = columns.filter_map(|(name, format)| match format {
        ColumnFormat::Date(format) => Some((name.clone(), json!(format.sentinels))),
        _ => None,
    });
    json!({
        "program": model.summary.program,
        "network": model.config,
        "hidden": hidden,
        "encoder": model.encoder,
        "target": model.target,
        "missing": model.format.missing,
        "sentinels": sentinels.collect::<Map<String, Value>>(),
        "training_rows_in_file": model.encoder.training_rows(),
    })
}

/// Named tensors.
#[derive(Default)]
struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    fn add(&mut self, name: String, shape: Vec<usize>, numbers: &[f32]) {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.0.push((name, Dtype::F32, shape, bytes.collect()));
    }

    fn add_tensor<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        let shape = tensor.dims().to_vec();
        self.add(name, shape, &numbers(tensor));
    }

    fn add_network(&mut self, name: &str, mlp: &Mlp) -> Result<(), ExportError> {
        for (index, embedding) in mlp.embeddings.iter().enumerate() {
            let name = format!("{name}.embeddings.{index}.weight");
            self.add_tensor(name, embedding.weight.val());
        }
        for (index, block) in mlp.hidden.iter().enumerate() {
            self.add_layer(&format!("{name}.hidden.{index}"), block)?;
        }
        self.add_linear(&format!("{name}.output"), &mlp.output);
        Ok(())
    }

    /// PyTorch's weights are `[outputs, inputs]`.
    fn add_linear(&mut self, name: &str, linear: &Linear) {
        self.add_tensor(format!("{name}.weight"), linear.weight.val().transpose());
        if let Some(bias) = &linear.bias {
            self.add_tensor(format!("{name}.bias"), bias.val());
        }
    }

    fn add_layer(&mut self, name: &str, block: &Block) -> Result<(), ExportError> {
        self.add_linear(&format!("{name}.linear"), &block.linear);
        let of = |part: &str| format!("{name}.normalization.{part}");
        match &block.normalization {
            None => {}
            Some(Normalization::Batch(batch)) => {
                self.add_tensor(of("weight"), batch.gamma.val());
                self.add_tensor(of("bias"), batch.beta.val());
                self.add_tensor(of("running_mean"), batch.running_mean.value());
                self.add_tensor(of("running_var"), batch.running_var.value());
                let batches = 0i64.to_le_bytes().to_vec();
                self.0
                    .push((of("num_batches_tracked"), Dtype::I64, Vec::new(), batches));
            }
            Some(Normalization::Layer(layer)) => {
                self.add_tensor(of("weight"), layer.gamma.val());
                if let Some(beta) = &layer.beta {
                    self.add_tensor(of("bias"), beta.val());
                }
            }
            Some(_) => {
                return Err(ExportError::Unsupported {
                    part: "this normalization".to_string(),
                    advice: "network.normalization=none, batch or layer",
                });
            }
        }
        if let (Activation::PRelu(_), Some(slopes)) =
            (block.activation.function(), block.activation.slopes())
        {
            self.add_tensor(format!("{name}.activation.weight"), slopes);
        }
        Ok(())
    }

    fn to_bytes(&self, metadata: HashMap<String, String>) -> Result<Vec<u8>, ExportError> {
        let views = self.0.iter().map(|(name, dtype, shape, bytes)| {
            Ok((name.clone(), TensorView::new(*dtype, shape.clone(), bytes)?))
        });
        let views = views.collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
        let bytes = views.and_then(|views| safetensors::serialize(views, Some(metadata)));
        bytes.map_err(|error| ExportError::Unsupported {
            part: error.to_string(),
            advice: "other settings",
        })
    }
}
