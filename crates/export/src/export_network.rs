//! A network alone as an ONNX file.

use backburn_model::{Ensemble, Mlp, RealMlp, TabM};

use crate::encoding::EncodedRows;
use crate::error::ExportError;
use crate::graph::{Graph, Kind, rows_info};
use crate::networks;
use crate::onnx_file::to_bytes;

/// A network to export without a table.
#[derive(Debug, Clone, Copy)]
pub enum Network<'a> {
    /// A multilayer perceptron. The input `numbers` is `[rows, inputs]` of 32-bit numbers; with embeddings,
    /// `categories` is `[rows, embeddings]` of 64-bit whole numbers.
    Mlp(&'a Mlp),
    /// A RealMLP, whose input `numbers` is `[rows, inputs]`.
    RealMlp(&'a RealMlp),
    /// A TabM, whose input `numbers` is `[rows, inputs]`. The output is the mean of its members.
    TabM(&'a TabM),
}

/// Exports a network alone as an ONNX file. The output is `outputs`, `[rows, outputs]` of 32-bit numbers.
///
/// # Errors
///
/// A part of the network that cannot be exported, or a file of more than 2 GiB.
pub fn export_network(network: Network) -> Result<Vec<u8>, ExportError> {
    let graph = Graph::new(["numbers", "categories", "outputs"].map(String::from));
    let (width, embeddings, outputs) = widths(network);
    let mut described = Vec::new();
    let numbers = (width > 0).then(|| {
        let about = "the numbers of each row";
        described.push(rows_info("numbers", Kind::Float, width, about));
        graph.input("numbers", Kind::Float)
    });
    let mut categories = Vec::new();
    if embeddings > 0 {
        let about = "the index of the category for each embedding";
        described.push(rows_info("categories", Kind::Int, embeddings, about));
        let all = graph.input("categories", Kind::Int);
        let columns = 0..embeddings;
        categories.extend(columns.map(|column| all.columns(&[column], embeddings)));
    }
    let found = match (network, numbers) {
        (Network::RealMlp(network), Some(numbers)) => networks::real_mlp(numbers, network)?,
        (Network::TabM(network), Some(numbers)) => networks::tabm(numbers, network)?,
        (Network::Mlp(mlp), numbers) => {
            let rows = EncodedRows {
                numbers,
                categories,
                widening: None,
            };
            let ensemble = Ensemble::from(mlp.clone());
            networks::ensemble(&graph, &rows, &ensemble)?
        }
        (_, None) => {
            return Err(ExportError::Unsupported {
                part: "a network without inputs".to_string(),
                advice: "at least one input",
            });
        }
    };
    graph.output(found, "outputs");
    let output = rows_info(
        "outputs",
        Kind::Float,
        outputs,
        "the outputs of the network",
    );
    let graph = graph.finish("backburn", described, vec![output]);
    to_bytes(graph, "A network.".to_string(), Vec::new())
}

/// The numbers of inputs, of embeddings and of outputs.
fn widths(network: Network) -> (usize, usize, usize) {
    match network {
        Network::Mlp(mlp) => {
            let outputs = last(&mlp.output.weight.shape());
            (mlp.inputs(), mlp.embeddings.len(), outputs)
        }
        Network::RealMlp(network) => {
            let outputs = last(&network.output.weight.shape());
            (network.inputs.inputs(), 0, outputs)
        }
        Network::TabM(network) => {
            let head = network.heads.first();
            let outputs = head.map_or(0, |head| last(&head.weight.shape()));
            (network.inputs.inputs(), 0, outputs)
        }
    }
}

/// The length of the last dimension.
fn last(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(0)
}
