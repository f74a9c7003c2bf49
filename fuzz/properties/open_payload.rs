//! Any payload behind a valid tag, as any type: an error, or a value that seals and opens again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;

use sealed_session::{Protection, Randomness, SessionData};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::world::{codec, context, fine_claims, forge, secret};
use crate::oracle::SIGNED;

#[derive(Debug, Serialize, Deserialize)]
struct Of<T>(T);

impl<T: Serialize + DeserializeOwned + 'static> SessionData for Of<T> {
    const NAME: &'static str = "of";
    const SCHEMA: u32 = 1;
}

#[derive(Debug, Serialize, Deserialize)]
enum Choice {
    Unit,
    New(Box<Choice>),
    Tuple(u8, char, Option<i64>),
    Struct {
        list: Vec<Choice>,
        pair: (bool, i128),
    },
}

#[derive(Debug, Serialize, Deserialize)]
struct Empty;

#[derive(Debug, Serialize, Deserialize)]
struct Mixed {
    map: BTreeMap<String, Vec<u16>>,
    nested: Option<Box<Mixed>>,
    bytes: [u8; 4],
}

pub fn open_payload(data: &[u8]) {
    let Some((choice, payload)) = data.split_first() else {
        return;
    };
    match choice % 10 {
        0 => reopens::<String>(payload),
        1 => reopens::<Vec<u64>>(payload),
        2 => reopens::<Vec<Vec<String>>>(payload),
        3 => reopens::<HashMap<u64, u64>>(payload),
        4 => reopens::<HashMap<String, HashSet<i32>>>(payload),
        5 => reopens::<Choice>(payload),
        6 => reopens::<Mixed>(payload),
        7 => reopens::<Vec<Empty>>(payload),
        8 => reopens::<(f32, f64, char, u128, Option<Option<()>>)>(payload),
        _ => reopens::<Vec<Option<Choice>>>(payload),
    }
}

fn reopens<T: Serialize + DeserializeOwned + Debug + 'static>(payload: &[u8]) {
    let codec = codec::<Of<T>>(Protection::Signed);
    let body = [fine_claims().encode(), payload.to_vec()].concat();
    let Ok(session) = codec.open(forge::<Of<T>>(SIGNED, &body), &context()) else {
        return;
    };
    let random = Randomness::dangerous_from_bytes(secret(9));
    let sealed = codec.start(session.value(), &context(), random).unwrap();
    let again = codec.open(sealed.value(), &context()).unwrap();
    // Sets and maps come in any order.
    let letters = |value: &Of<T>| {
        let mut letters: Vec<char> = format!("{value:?}").chars().collect();
        letters.sort_unstable();
        letters
    };
    assert_eq!(letters(again.value()), letters(session.value()));
}
