//! Reads a subject's parameters by serde: text becomes what the handler asks for.

use serde::de::value::{Error as Fault, MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::worker::router::Parameters;

pub(super) fn from_parameters<T: DeserializeOwned>(parameters: &Parameters<'_>) -> Result<T, Fault> {
    T::deserialize(All { parameters })
}

/// All parameters: a map, a sequence, or the one that there is.
struct All<'a, 'p> {
    parameters: &'a Parameters<'p>,
}

impl<'a> All<'a, '_> {
    fn only(&self) -> Result<Text<'a>, Fault> {
        let mut texts = self.parameters.iter();
        match (texts.next(), texts.next()) {
            (Some((_, text)), None) => Ok(Text(text)),
            _ => Err(Fault::custom(format!(
                "one value is asked for, and the pattern has {} names",
                self.parameters.iter().count()
            ))),
        }
    }
}

macro_rules! only {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.only()?.$method(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for All<'_, '_> {
    type Error = Fault;

    only! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_option deserialize_identifier
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(SeqDeserializer::new(self.parameters.iter().map(|(_, text)| Text(text))))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Fault> {
        let given = self.parameters.iter().count();
        if given == len {
            return self.deserialize_seq(visitor);
        }
        Err(Fault::custom(format!("{len} values are asked for, and the pattern has {given} names")))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(MapDeserializer::new(self.parameters.iter().map(|(name, text)| (name, Text(text)))))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.only()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

/// One parameter.
#[derive(Clone, Copy)]
struct Text<'a>(&'a str);

macro_rules! parsed {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let value = self.0.parse::<$type>();
            visitor.$visit(value.map_err(|_| Fault::custom(concat!("a part of it is no ", stringify!($type))))?)
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = Fault;

    parsed! {
        deserialize_bool visit_bool bool,
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_u128 visit_u128 u128,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        StrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Fault> for Text<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::worker::router::Pattern;

    fn read<T: DeserializeOwned>(pattern: &str, subject: &str) -> Result<T, Fault> {
        let pattern = Pattern::new(pattern).unwrap();
        from_parameters(&pattern.parameters(subject))
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Ride {
        city: String,
        ride: u64,
    }

    #[test]
    fn one_name_is_one_value() {
        assert_eq!(read::<String>("ride.{id}.done", "ride.r-17.done").unwrap(), "r-17");
        assert_eq!(read::<u64>("ride.{id}.done", "ride.17.done").unwrap(), 17);
        assert!(read::<u64>("ride.{id}.done", "ride.r-17.done").unwrap_err().to_string().contains("u64"));
    }

    #[test]
    fn several_names_are_a_tuple_a_struct_or_a_map() {
        let (pattern, subject) = ("ride.{city}.{ride}", "ride.oslo.17");
        assert_eq!(read::<(String, u64)>(pattern, subject).unwrap(), ("oslo".to_owned(), 17));
        assert_eq!(read::<Ride>(pattern, subject).unwrap(), Ride { city: "oslo".to_owned(), ride: 17 });
        let map = read::<BTreeMap<String, String>>(pattern, subject).unwrap();
        assert_eq!(map.get("city").map(String::as_str), Some("oslo"));
        assert!(read::<String>(pattern, subject).is_err());
        assert!(read::<(String, u64, u64)>(pattern, subject).is_err());
    }
}
