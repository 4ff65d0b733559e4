//! The records of a JSON file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::typed_column::TypedValue;

/// An object: names and values in the order of the file.
#[derive(Debug)]
pub(crate) struct JsonRecord(pub Vec<(String, TypedValue)>);

impl<'de> Deserialize<'de> for TypedValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for JsonRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RecordVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = TypedValue;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<TypedValue, E> {
        Ok(TypedValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<TypedValue, E> {
        Ok(TypedValue::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<TypedValue, E> {
        Ok(TypedValue::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<TypedValue, E> {
        Ok(TypedValue::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<TypedValue, E> {
        Ok(TypedValue::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<TypedValue, E> {
        Ok(TypedValue::Text(value.to_string()))
    }

    fn visit_string<E>(self, value: String) -> Result<TypedValue, E> {
        Ok(TypedValue::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TypedValue, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(TypedValue::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<TypedValue, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(TypedValue::Object)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = JsonRecord;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object such as {\"size\": 120, \"price\": 300} for each row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<JsonRecord, A::Error> {
        let mut fields = Vec::with_capacity(object.size_hint().unwrap_or(0).min(64));
        while let Some(entry) = object.next_entry()? {
            fields.push(entry);
        }
        Ok(JsonRecord(fields))
    }
}
