//! Attributes of nodes.

use crate::onnx::attribute_proto::AttributeType;
use crate::onnx::{AttributeProto, GraphProto};

/// An attribute of a node.
#[derive(Debug, Clone)]
pub(crate) enum Attribute {
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f32),
    /// Whole numbers.
    Ints(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
    /// The body of a loop.
    Body(GraphProto),
}

impl Attribute {
    /// The attribute with its name.
    pub fn proto(&self, name: &str) -> AttributeProto {
        let mut proto = AttributeProto {
            name: name.to_string(),
            ..AttributeProto::default()
        };
        let kind = match self {
            Self::Int(number) => {
                proto.i = *number;
                AttributeType::Int
            }
            Self::Float(number) => {
                proto.f = *number;
                AttributeType::Float
            }
            Self::Ints(numbers) => {
                proto.ints.clone_from(numbers);
                AttributeType::Ints
            }
            Self::Texts(texts) => {
                proto.strings = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
                AttributeType::Strings
            }
            Self::Body(body) => {
                proto.g = Some(body.clone());
                AttributeType::Graph
            }
        };
        proto.r#type = kind.into();
        proto
    }
}
