//! An ONNX graph under construction: its names, constants and nodes.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::attributes::Attribute;
use crate::onnx::tensor_proto::DataType;
use crate::onnx::tensor_shape_proto::{Dimension, dimension};
use crate::onnx::type_proto;
use crate::onnx::{
    AttributeProto, GraphProto, NodeProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};

/// The domain of the operators for classical machine learning, such as `LabelEncoder`.
pub(crate) const ML_DOMAIN: &str = "ai.onnx.ml";

/// The type of the elements of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// 32-bit numbers.
    Float,
    /// 64-bit numbers.
    Double,
    /// 64-bit whole numbers.
    Int,
    /// True or false.
    Bool,
    /// Text.
    Text,
}

impl Kind {
    /// The number of the type in ONNX.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Float => DataType::Float,
            Self::Double => DataType::Double,
            Self::Int => DataType::Int64,
            Self::Bool => DataType::Bool,
            Self::Text => DataType::String,
        }
    }
}

/// A value of a graph: an input, a constant, or the output of a node. Arithmetic on values adds nodes.
#[derive(Clone, Copy)]
pub(crate) struct Value<'g> {
    pub graph: &'g Graph,
    pub id: usize,
    pub kind: Kind,
}

/// An ONNX graph under construction. Nodes are added in the order in which they are computed.
#[derive(Default)]
pub(crate) struct Graph {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The name of each value.
    names: Vec<String>,
    taken: HashSet<String>,
    /// The nodes of the graph, then of the body of a loop that is open.
    bodies: Vec<Vec<NodeProto>>,
    initializers: Vec<TensorProto>,
    /// Constants of one element.
    scalars: HashMap<(Kind, u64), usize>,
}

impl State {
    /// Adds a value with this name, or one like it that is not taken.
    fn name(&mut self, wanted: &str) -> usize {
        let mut name = wanted.to_string();
        let mut number = 0;
        while !self.taken.insert(name.clone()) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        self.names.push(name);
        self.names.len() - 1
    }

    /// Adds a value that only the graph itself names.
    fn internal(&mut self, prefix: &str) -> usize {
        let number = self.names.len();
        self.name(&format!("{prefix}.{number}"))
    }
}

impl Graph {
    /// An empty graph. No value gets one of the names that are taken.
    pub fn new(taken: impl IntoIterator<Item = String>) -> Self {
        let state = State {
            taken: taken.into_iter().collect(),
            bodies: vec![Vec::new()],
            ..State::default()
        };
        Self {
            state: RefCell::new(state),
        }
    }

    fn value(&self, id: usize, kind: Kind) -> Value<'_> {
        Value {
            graph: self,
            id,
            kind,
        }
    }

    /// An input of the graph, whose name is one of the taken names.
    pub fn input(&self, name: &str, kind: Kind) -> Value<'_> {
        let mut state = self.state.borrow_mut();
        state.names.push(name.to_string());
        self.value(state.names.len() - 1, kind)
    }

    /// An input of the body of a loop.
    pub fn body_input(&self, kind: Kind) -> Value<'_> {
        let id = self.state.borrow_mut().internal("item");
        self.value(id, kind)
    }

    /// The name of a value.
    pub fn name_of(&self, value: Value) -> String {
        self.state.borrow().names[value.id].clone()
    }

    /// A node with one output, of an operator without attributes.
    pub fn op<'g>(&'g self, op: &str, inputs: &[Value<'g>], kind: Kind) -> Value<'g> {
        self.with(op, inputs, &[], kind)
    }

    /// A node with one output.
    pub fn with<'g>(
        &'g self,
        op: &str,
        inputs: &[Value<'g>],
        attributes: &[(&str, Attribute)],
        kind: Kind,
    ) -> Value<'g> {
        let attributes = attributes.iter().map(|(name, a)| a.proto(name)).collect();
        self.node(op, inputs, attributes, &[kind])[0]
    }

    /// A node with an output of each of these kinds.
    pub fn node<'g>(
        &'g self,
        op: &str,
        inputs: &[Value<'g>],
        attribute: Vec<AttributeProto>,
        outputs: &[Kind],
    ) -> Vec<Value<'g>> {
        let mut state = self.state.borrow_mut();
        let names = |state: &State, ids: &[usize]| -> Vec<String> {
            ids.iter().map(|&id| state.names[id].clone()).collect()
        };
        let input: Vec<usize> = inputs.iter().map(|value| value.id).collect();
        let output: Vec<usize> = outputs.iter().map(|_| state.internal(op)).collect();
        let node = NodeProto {
            input: names(&state, &input),
            output: names(&state, &output),
            name: state.names[output[0]].clone(),
            op_type: op.to_string(),
            domain: match op {
                "LabelEncoder" => ML_DOMAIN.to_string(),
                _ => String::new(),
            },
            attribute,
        };
        let body = state.bodies.last_mut();
        body.into_iter().for_each(|body| body.push(node.clone()));
        let values = output.iter().zip(outputs);
        values.map(|(&id, &kind)| self.value(id, kind)).collect()
    }

    /// Begins the body of a loop: the nodes from here on to [`end_body`](Self::end_body). They may use
    /// values from before.
    pub fn begin_body(&self) {
        self.state.borrow_mut().bodies.push(Vec::new());
    }

    /// Ends the body of a loop. Each input has its rank.
    pub fn end_body(&self, name: &str, inputs: &[(Value, usize)], outputs: &[Value]) -> GraphProto {
        // An output of a body is the output of a node of the body.
        let outputs: Vec<Value> = outputs
            .iter()
            .map(|&value| self.op("Identity", &[self.value(value.id, value.kind)], value.kind))
            .collect();
        let node = self.state.borrow_mut().bodies.pop().unwrap_or_default();
        let input = inputs.iter().map(|&(value, rank)| {
            let shape = (0..rank).map(|_| Dimension { value: None });
            info(&self.name_of(value), value.kind, Some(shape.collect()), "")
        });
        let output = outputs.iter();
        let output = output.map(|&value| info(&self.name_of(value), value.kind, None, ""));
        GraphProto {
            node,
            name: name.to_string(),
            initializer: Vec::new(),
            input: input.collect(),
            output: output.collect(),
        }
    }

    /// Gives a value the name of an output of the graph, one of the taken names.
    pub fn output(&self, value: Value, name: &str) {
        let mut state = self.state.borrow_mut();
        let node = NodeProto {
            input: vec![state.names[value.id].clone()],
            output: vec![name.to_string()],
            name: format!("output.{name}"),
            op_type: "Identity".to_string(),
            ..NodeProto::default()
        };
        let body = state.bodies.last_mut();
        body.into_iter().for_each(|body| body.push(node.clone()));
    }

    /// A constant of 64-bit numbers.
    pub fn doubles(&self, shape: &[usize], numbers: &[f64]) -> Value<'_> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(Kind::Double, shape, bytes.collect(), Vec::new())
    }

    /// A constant of 32-bit numbers.
    pub fn floats(&self, shape: &[usize], numbers: &[f32]) -> Value<'_> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(Kind::Float, shape, bytes.collect(), Vec::new())
    }

    /// A constant row of whole numbers.
    pub fn ints(&self, numbers: &[i64]) -> Value<'_> {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
        self.constant(Kind::Int, &[numbers.len()], bytes.collect(), Vec::new())
    }

    /// A constant row of truth values.
    pub fn bools(&self, values: &[bool]) -> Value<'_> {
        let bytes = values.iter().map(|&value| u8::from(value));
        self.constant(Kind::Bool, &[values.len()], bytes.collect(), Vec::new())
    }

    /// A constant row of texts.
    pub fn texts(&self, texts: &[String]) -> Value<'_> {
        let strings = texts.iter().map(|text| text.as_bytes().to_vec());
        self.constant(Kind::Text, &[texts.len()], Vec::new(), strings.collect())
    }

    /// A constant without dimensions.
    pub fn scalar(&self, kind: Kind, number: f64) -> Value<'_> {
        let key = (kind, number.to_bits());
        if let Some(&id) = self.state.borrow().scalars.get(&key) {
            return self.value(id, kind);
        }
        let bytes = match kind {
            Kind::Float => (number as f32).to_le_bytes().to_vec(),
            Kind::Double => number.to_le_bytes().to_vec(),
            Kind::Int | Kind::Text => (number as i64).to_le_bytes().to_vec(),
            Kind::Bool => vec![u8::from(number != 0.0)],
        };
        let value = self.constant(kind, &[], bytes, Vec::new());
        self.state.borrow_mut().scalars.insert(key, value.id);
        value
    }

    fn constant(
        &self,
        kind: Kind,
        shape: &[usize],
        raw_data: Vec<u8>,
        string_data: Vec<Vec<u8>>,
    ) -> Value<'_> {
        let mut state = self.state.borrow_mut();
        let id = state.internal("constant");
        let tensor = TensorProto {
            dims: shape.iter().map(|&size| size as i64).collect(),
            data_type: kind.data_type().into(),
            string_data,
            name: state.names[id].clone(),
            raw_data,
        };
        state.initializers.push(tensor);
        self.value(id, kind)
    }

    /// The graph with these inputs and outputs.
    pub fn finish(
        self,
        name: &str,
        input: Vec<ValueInfoProto>,
        output: Vec<ValueInfoProto>,
    ) -> GraphProto {
        let state = self.state.into_inner();
        let node = state.bodies.into_iter().next().unwrap_or_default();
        let mut used = HashSet::new();
        add_used(&node, &mut used);
        let constants = state.initializers.into_iter();
        GraphProto {
            initializer: constants
                .filter(|c| used.contains(c.name.as_str()))
                .collect(),
            name: name.to_string(),
            input,
            output,
            node,
        }
    }
}

/// Adds the names of the values that nodes use, also in the bodies of loops.
fn add_used(nodes: &[NodeProto], used: &mut HashSet<String>) {
    for node in nodes {
        used.extend(node.input.iter().cloned());
        let bodies = node
            .attribute
            .iter()
            .filter_map(|attribute| attribute.g.as_ref());
        bodies.for_each(|body| add_used(&body.node, used));
    }
}

/// The description of a value with a row for each row of the table, and `width` columns.
pub(crate) fn rows_info(name: &str, kind: Kind, width: usize, about: &str) -> ValueInfoProto {
    let rows = dimension::Value::DimParam("rows".to_string());
    let columns = dimension::Value::DimValue(width as i64);
    let shape = [rows, columns].map(|value| Dimension { value: Some(value) });
    info(name, kind, Some(shape.to_vec()), about)
}

/// The description of a value. `shape` is `None` if its rank is unknown.
fn info(name: &str, kind: Kind, shape: Option<Vec<Dimension>>, about: &str) -> ValueInfoProto {
    let tensor = type_proto::Tensor {
        elem_type: kind.data_type().into(),
        shape: shape.map(|dim| TensorShapeProto { dim }),
    };
    ValueInfoProto {
        name: name.to_string(),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
        }),
        doc_string: about.to_string(),
    }
}
