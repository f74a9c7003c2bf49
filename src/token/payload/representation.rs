//! Which of serde's representations stands behind a call: serde says it in the text of what a visitor
//! expects, and nowhere else.

use alloc::string::{String, ToString};
use core::any::type_name;

use serde::de::{Expected, Visitor};

use crate::error::PayloadCause;

/// Why a type asks for whatever comes.
pub(super) fn of_any<'de, V: Visitor<'de>>(visitor: &V) -> PayloadCause {
    let expected = expected(visitor);
    let type_name = type_name::<V::Value>();
    if expected.starts_with("internally tagged enum ") {
        PayloadCause::InternallyTagged
    } else if type_name.contains("::Content") {
        // serde's own buffer, which its derived code reads before it decides.
        PayloadCause::Untagged
    } else {
        PayloadCause::SelfDescribing { type_name }
    }
}

/// The cause if `visitor`, which reads a struct, stands for something else.
pub(super) fn of_struct<'de, V: Visitor<'de>>(visitor: &V) -> Option<PayloadCause> {
    expected(visitor)
        .starts_with("adjacently tagged enum ")
        .then_some(PayloadCause::AdjacentlyTagged)
}

fn expected<'de, V: Visitor<'de>>(visitor: &V) -> String {
    (visitor as &dyn Expected).to_string()
}
