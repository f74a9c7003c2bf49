//! What the fuzz targets assert, on the corpus of each and on a thousand pseudo-random inputs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    unreachable_pub,
    reason = "a test fails by panicking; the properties are public in the fuzz crate"
)]

#[path = "support/account.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod account;
#[path = "support/background.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod background;
#[path = "support/document_oracle.rs"]
#[allow(dead_code, reason = "shared with the tests")]
mod document_oracle;
#[path = "support/oracle.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod oracle;
#[path = "../fuzz/properties/mod.rs"]
mod properties;
#[path = "support/test_store.rs"]
#[allow(dead_code, reason = "each test binary uses its part of it")]
mod test_store;

use std::path::Path;

#[test]
fn every_property_holds_on_its_corpus() {
    for (name, property) in properties::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/corpus")
            .join(name);
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            property(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 5, "{name} has a corpus of {count}");
    }
}

#[test]
fn every_property_holds_on_pseudo_random_input() {
    for (name, property) in properties::ALL {
        for seed in 0..1000u32 {
            let bytes: Vec<u8> = (0..seed % 300)
                .flat_map(|block| {
                    oracle::hmac(
                        name.as_bytes(),
                        &[&seed.to_be_bytes(), &block.to_be_bytes()],
                    )
                })
                .take(seed as usize % 300)
                .collect();
            property(&bytes);
        }
    }
}

#[test]
fn every_fuzz_target_has_its_property() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let mut targets: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    targets.sort();
    assert_eq!(targets, properties::ALL.map(|(name, _)| name));
}
