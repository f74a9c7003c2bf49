//! A tuple has no names to compare: a part that is read in the place of another is found when the codec
//! is built.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::payload_names::Of;
use crate::payload_types::built;

#[test]
fn a_tuple_whose_skipped_parts_are_as_many_on_both_sides_is_refused_at_building() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Numbers(
        #[serde(skip_serializing)] u8,
        u8,
        #[serde(skip_deserializing)] u8,
    );
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Texts {
        No,
        Yes(
            u8,
            #[serde(skip_serializing)] String,
            String,
            #[serde(skip_deserializing)] String,
        ),
    }
    let moved = |path: &str| {
        Err(format!(
            "{path}: this part is read in the place of another one; skip a field both ways or not at all"
        ))
    };
    assert_eq!(built::<Of<Numbers>>(), moved("0"));
    assert_eq!(built::<Of<Vec<(u8, Texts)>>>(), moved("[].1.Yes.1"));
    // What puts its own parts in order moves nothing.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(from = "(u8, u8)")]
    struct Falling(u8, u8);
    impl From<(u8, u8)> for Falling {
        fn from((a, b): (u8, u8)) -> Self {
            Self(a.max(b), a.min(b))
        }
    }
    assert_eq!(built::<Of<Falling>>(), Ok(()));
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(from = "(u8, u8)")]
    struct Rising(u8, u8);
    impl From<(u8, u8)> for Rising {
        fn from((a, b): (u8, u8)) -> Self {
            Self(a.min(b), a.max(b))
        }
    }
    assert_eq!(built::<Of<Rising>>(), Ok(()));
}

#[test]
fn a_part_of_any_kind_that_is_read_in_the_place_of_another_is_found_at_building() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Moving<V: Default>(
        #[serde(skip_serializing)] V,
        V,
        #[serde(skip_deserializing)] V,
    );
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Still<V>(V, V, V);
    macro_rules! each {
        ($($kind:ty)*) => {$(
            let name = stringify!($kind);
            let error = built::<Of<Moving<$kind>>>().expect_err(name);
            assert!(error.contains(": this part is read in the place of another one"), "{name}: {error}");
            assert_eq!(built::<Of<Still<$kind>>>(), Ok(()), "{name}");
        )*};
    }
    /// Bytes, and no sequence of them.
    #[derive(Debug, Default, PartialEq)]
    struct Bytes(Vec<u8>);
    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Owned;
            impl Visitor<'_> for Owned {
                type Value = Bytes;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("bytes")
                }

                fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                    Ok(Bytes(bytes.to_owned()))
                }
            }
            deserializer.deserialize_byte_buf(Owned)
        }
    }
    each! {
        (f64, u8) [bool; 2] Bytes bool char f32 f64 i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 String
    }
    // Whichever flags of a tuple they are.
    let error = built::<Of<(bool, Moving<bool>)>>().unwrap_err();
    assert!(error.starts_with("1.0: this part"), "{error}");
    let error = built::<Of<([bool; 3], Moving<bool>)>>().unwrap_err();
    assert!(error.starts_with("1.0: this part"), "{error}");
    // Flags of which one follows from two others did not move.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(from = "(bool, bool, bool)")]
    struct Access(bool, bool, bool);
    impl From<(bool, bool, bool)> for Access {
        fn from((read, write, _): (bool, bool, bool)) -> Self {
            Self(read || write, write, read && write)
        }
    }
    assert_eq!(built::<Of<Access>>(), Ok(()));
}
