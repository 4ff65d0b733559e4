//! Inference in version 2 of the protocol of KServe: a tensor for each column.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, LargeStringArray, RecordBatch,
    RecordBatchOptions, UInt64Array,
};
use arrow_schema::{DataType, Field, Schema};
use backburn::text::shown;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model_name::ModelName;
use crate::problem::Problem;
use crate::query::coverage;

/// A request for inference.
#[derive(Debug, Deserialize)]
pub(crate) struct InferRequest {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    parameters: Map<String, Value>,
    inputs: Vec<InputTensor>,
    #[serde(default)]
    outputs: Vec<WantedOutput>,
}

#[derive(Debug, Deserialize)]
struct InputTensor {
    name: String,
    shape: Vec<usize>,
    datatype: String,
    data: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct WantedOutput {
    name: String,
}

/// What an answer repeats of its request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct InferAnswer {
    id: Option<String>,
    /// The names of the outputs; empty for all.
    outputs: Vec<String>,
}

impl InferRequest {
    /// Reads a request.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        serde_json::from_slice(body).map_err(|error| {
            Problem::malformed(format!("this is not a request for inference: {error}"))
        })
    }

    /// The coverage of prediction intervals, if the parameter `interval` asks for them.
    pub fn coverage(&self) -> Result<Option<f64>, Problem> {
        let text = match self.parameters.get("interval") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        let wrong = |expected| Problem::malformed(format!("parameter `interval`: give {expected}"));
        coverage(&text).map(Some).map_err(wrong)
    }

    /// What the answer repeats.
    pub fn answer(&self) -> InferAnswer {
        InferAnswer {
            id: self.id.clone(),
            outputs: self
                .outputs
                .iter()
                .map(|output| output.name.clone())
                .collect(),
        }
    }

    /// The inputs as a batch with a column for each.
    pub fn batch(&self) -> Result<RecordBatch, Problem> {
        let Some(first) = self.inputs.first() else {
            return Err(Problem::malformed(
                "there are no `inputs`: give a tensor for each column",
            ));
        };
        let rows = first.rows()?;
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        let mut names: HashSet<&str> = HashSet::new();
        for input in &self.inputs {
            if !names.insert(&input.name) {
                return Err(input.wrong("is there twice"));
            }
            let of_input = input.rows()?;
            if of_input != rows {
                let first = shown(&first.name);
                let text = format!("has {of_input} rows, and input `{first}` has {rows}");
                return Err(input.wrong(&text));
            }
            let array = input.array(rows)?;
            fields.push(Field::new(&input.name, array.data_type().clone(), true));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new_with_options(schema, arrays, &options);
        batch.map_err(|error| Problem::malformed(error.to_string()))
    }
}

impl InputTensor {
    fn wrong(&self, text: &str) -> Problem {
        Problem::malformed(format!("input `{}` {text}", shown(&self.name)))
    }

    /// The number of rows, by the shape.
    fn rows(&self) -> Result<usize, Problem> {
        match *self.shape.as_slice() {
            [rows] | [rows, 1] => Ok(rows),
            _ => {
                let shape = format!("{:?}", self.shape);
                let shape = shown(&shape);
                Err(self.wrong(&format!(
                    "has the shape {shape}: give a tensor of the shape [rows] or [rows, 1] for each \
                     column"
                )))
            }
        }
    }

    /// The values, of which those that are missing are null.
    fn array(&self, rows: usize) -> Result<ArrayRef, Problem> {
        let mut values = Vec::with_capacity(self.data.len().min(rows));
        for value in &self.data {
            match value {
                Value::Array(inner) => values.extend(inner),
                value => values.push(value),
            }
        }
        if values.len() != rows {
            let text = format!("has {} values, and its shape says {rows}", values.len());
            return Err(self.wrong(&text));
        }
        Ok(match self.datatype.as_str() {
            "BOOL" => Arc::new(BooleanArray::from(self.read(&values, Value::as_bool)?)),
            "INT8" | "INT16" | "INT32" | "INT64" | "UINT8" | "UINT16" | "UINT32" => {
                Arc::new(Int64Array::from(self.read(&values, Value::as_i64)?))
            }
            "UINT64" => Arc::new(UInt64Array::from(self.read(&values, Value::as_u64)?)),
            "FP16" | "FP32" | "FP64" => {
                Arc::new(Float64Array::from(self.read(&values, Value::as_f64)?))
            }
            "BYTES" => Arc::new(LargeStringArray::from(self.read(&values, Value::as_str)?)),
            other => {
                let other = shown(other);
                let text = format!("has the datatype {other}: give BOOL, INT64, FP64 or BYTES");
                return Err(self.wrong(&text));
            }
        })
    }

    fn read<'a, T>(
        &self,
        values: &[&'a Value],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Vec<Option<T>>, Problem> {
        let values = values.iter().enumerate();
        let read = values.map(|(row, &value)| match (value, read(value)) {
            (Value::Null, _) => Ok(None),
            (_, Some(read)) => Ok(Some(read)),
            (wrong, None) => {
                let (row, wrong) = (row + 1, shown(&wrong.to_string()));
                let datatype = &self.datatype;
                Err(self.wrong(&format!(
                    "row {row}: {wrong} is not of the datatype {datatype}"
                )))
            }
        });
        read.collect()
    }
}

impl InferAnswer {
    /// Checks that the outputs that are asked for are among those of the model.
    pub fn check(&self, available: &[String]) -> Result<(), Problem> {
        let names: HashSet<&String> = available.iter().collect();
        match self.outputs.iter().find(|output| !names.contains(output)) {
            None => Ok(()),
            Some(wrong) => Err(Problem::malformed(format!(
                "there is no output `{}`: there are {}",
                shown(wrong),
                shown(&available.join(", "))
            ))),
        }
    }

    /// The answer as JSON.
    pub fn json(&self, model: &ModelName, batches: &[RecordBatch]) -> io::Result<Vec<u8>> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let columns = batches.first().map_or(0, RecordBatch::num_columns);
        let wanted: HashSet<&String> = self.outputs.iter().collect();
        let mut outputs = Vec::new();
        for column in 0..columns {
            let name = batches[0].schema_ref().field(column).name();
            if !wanted.is_empty() && !wanted.contains(name) {
                continue;
            }
            let arrays = batches.iter().map(|batch| batch.column(column));
            let data: Vec<Value> = arrays.flat_map(values).collect();
            let datatype = datatype(batches[0].column(column).data_type());
            outputs.push(json!({
                "name": name, "datatype": datatype, "shape": [rows], "data": data,
            }));
        }
        let mut answer = json!({
            "model_name": model.name,
            "model_version": model.version.to_string(),
            "outputs": outputs,
        });
        if let Some(id) = &self.id {
            answer["id"] = json!(id);
        }
        Ok(serde_json::to_vec(&answer)?)
    }
}

/// The datatype of an output.
pub(crate) fn datatype(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Float64 => "FP64",
        _ => "BYTES",
    }
}

fn values(array: &ArrayRef) -> Vec<Value> {
    match array.data_type() {
        DataType::Float64 => {
            let numbers = array.as_primitive::<Float64Type>();
            numbers.iter().map(|number| json!(number)).collect()
        }
        _ => {
            let texts = array.as_string_opt::<i32>().into_iter().flatten();
            texts.map(|text| json!(text)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(inputs: Value) -> Result<RecordBatch, Problem> {
        let request = json!({"id": "7", "inputs": inputs});
        InferRequest::parse(&serde_json::to_vec(&request).unwrap())?.batch()
    }

    #[test]
    fn tensors_become_columns() {
        let batch = batch(json!([
            {"name": "a", "shape": [2], "datatype": "FP64", "data": [1, null]},
            {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": [["x"], ["y"]]},
            {"name": "c", "shape": [2], "datatype": "INT64", "data": [1, -2]},
            {"name": "d", "shape": [2], "datatype": "BOOL", "data": [true, null]},
            {"name": "e", "shape": [2], "datatype": "UINT64", "data": [u64::MAX, 0]},
        ]))
        .unwrap();
        let kinds: Vec<String> = batch
            .schema()
            .fields()
            .iter()
            .map(|f| f.data_type().to_string())
            .collect();
        assert_eq!(
            kinds,
            ["Float64", "LargeUtf8", "Int64", "Boolean", "UInt64"]
        );
        assert_eq!(batch.column(0).null_count(), 1);
    }

    #[test]
    fn wrong_tensors_are_named() {
        let tensor = |shape: Value, datatype: &str, data: Value| json!([{"name": "a", "shape": shape, "datatype": datatype, "data": data}]);
        for (inputs, words) in [
            (json!([]), "no `inputs`"),
            (
                tensor(json!([2]), "FP64", json!([1])),
                "has 1 values, and its shape says 2",
            ),
            (
                tensor(json!([1, 2]), "FP64", json!([1, 2])),
                "has the shape [1, 2]",
            ),
            (
                tensor(json!([u64::MAX]), "FP64", json!([1])),
                "its shape says",
            ),
            (
                tensor(json!([1]), "FP64", json!(["x"])),
                "row 1: \"x\" is not of the datatype FP64",
            ),
            (tensor(json!([1]), "INT8", json!([1.5])), "row 1: 1.5"),
            (
                tensor(json!([1]), "COMPLEX", json!([1])),
                "datatype COMPLEX",
            ),
            (
                json!([
                    {"name": "a", "shape": [1], "datatype": "FP64", "data": [1]},
                    {"name": "b", "shape": [2], "datatype": "FP64", "data": [1, 2]},
                ]),
                "input `b` has 2 rows, and input `a` has 1",
            ),
            (
                json!([
                    {"name": "a", "shape": [1], "datatype": "FP64", "data": [1]},
                    {"name": "a", "shape": [1], "datatype": "FP64", "data": [1]},
                ]),
                "is there twice",
            ),
        ] {
            let problem = batch(inputs.clone()).unwrap_err();
            assert!(problem.detail.contains(words), "{inputs}: {problem:?}");
            assert_eq!(problem.status.as_u16(), 400);
        }
        assert!(InferRequest::parse(b"{}").is_err());
    }

    #[test]
    fn an_answer_has_the_outputs_that_are_asked_for() {
        let batch = |numbers: Vec<f64>, texts: Vec<&str>| {
            let numbers = Arc::new(Float64Array::from(numbers)) as ArrayRef;
            let texts = Arc::new(arrow_array::StringArray::from(texts)) as ArrayRef;
            RecordBatch::try_from_iter([("probability_x", numbers), ("prediction", texts)]).unwrap()
        };
        let batches = [batch(vec![0.5], vec!["x"]), batch(vec![0.25], vec!["y"])];
        let model = ModelName {
            name: "m".to_string(),
            version: 3,
        };
        let mut wanted = InferAnswer {
            id: Some("7".to_string()),
            outputs: vec!["prediction".to_string()],
        };
        let json: Value = serde_json::from_slice(&wanted.json(&model, &batches).unwrap()).unwrap();
        let expected = json!({
            "model_name": "m", "model_version": "3", "id": "7",
            "outputs": [{"name": "prediction", "datatype": "BYTES", "shape": [2], "data": ["x", "y"]}],
        });
        assert_eq!(json, expected);
        wanted.outputs.clear();
        let json: Value = serde_json::from_slice(&wanted.json(&model, &batches).unwrap()).unwrap();
        assert_eq!(json["outputs"][0]["data"], json!([0.5, 0.25]));
        let available = ["prediction".to_string()];
        assert!(wanted.check(&available).is_ok());
        wanted.outputs.push("probability_z".to_string());
        assert!(
            wanted
                .check(&available)
                .unwrap_err()
                .detail
                .contains("`probability_z`")
        );
    }
}
