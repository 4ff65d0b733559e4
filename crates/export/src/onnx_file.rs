//! The bytes of an ONNX file.

use prost::Message;

use crate::error::ExportError;
use crate::graph::ML_DOMAIN;
use crate::onnx::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// The versions of the file format and of the operators. ONNX Runtime 1.13 (2022) and later read them.
const IR_VERSION: i64 = 8;
const OPSET: i64 = 17;
const ML_OPSET: i64 = 3;
/// The size of the largest Protobuf message.
const MAX_BYTES: usize = i32::MAX as usize;

/// The bytes of a file with this graph, what it is, and metadata by name.
///
/// # Errors
///
/// The file would have more than 2 GiB.
pub(crate) fn to_bytes(
    graph: GraphProto,
    doc_string: String,
    metadata: Vec<(&str, String)>,
) -> Result<Vec<u8>, ExportError> {
    let entries = metadata
        .into_iter()
        .map(|(key, value)| StringStringEntryProto {
            key: key.to_string(),
            value,
        });
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: domain.to_string(),
        version,
    };
    let model = ModelProto {
        ir_version: IR_VERSION,
        opset_import: vec![opset("", OPSET), opset(ML_DOMAIN, ML_OPSET)],
        producer_name: "backburn".to_string(),
        producer_version: env!("CARGO_PKG_VERSION").to_string(),
        doc_string,
        graph: Some(graph),
        metadata_props: entries.collect(),
    };
    match model.encoded_len() {
        bytes if bytes <= MAX_BYTES => Ok(model.encode_to_vec()),
        bytes => Err(ExportError::TooLarge { bytes }),
    }
}
