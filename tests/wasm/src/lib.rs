//! What `run.mjs` calls: each vector by its number, and sessions whose clock and randomness are the
//! host's. A failure traps; its message is kept for the host to read.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../support/account.rs"]
#[allow(dead_code, reason = "each test uses its part of it")]
mod account;
#[path = "../../support/oracle.rs"]
#[allow(dead_code, reason = "each test uses its part of it")]
mod oracle;
#[path = "../../support/vector.rs"]
mod vector;

use std::sync::{LazyLock, Mutex, Once};

use sealed_session::{
    Clock, Key, KeyRing, OpenErrorKind, Randomness, RandomnessError, Sessions, TimeError,
};
use vector::{Vector, VectorFile};

static VECTORS: LazyLock<Vec<Vector>> = LazyLock::new(|| {
    let files = [
        include_str!("../../vectors/vectors-v1.json"),
        include_str!("../../vectors/more-v1.json"),
    ];
    let files = files.map(|text| VectorFile::parse(text).unwrap().vectors);
    files.into_iter().flatten().collect()
});

/// What the host reads: a vector's name, or why one failed.
static TEXT: Mutex<String> = Mutex::new(String::new());

fn say(text: String) {
    *TEXT.lock().unwrap() = text;
}

fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::panic::set_hook(Box::new(|panic| say(panic.to_string()))));
}

#[unsafe(no_mangle)]
pub extern "C" fn text_address() -> usize {
    TEXT.lock().unwrap().as_ptr() as usize
}

#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    TEXT.lock().unwrap().len()
}

#[unsafe(no_mangle)]
pub extern "C" fn count() -> usize {
    VECTORS.len()
}

#[unsafe(no_mangle)]
pub extern "C" fn name(number: usize) {
    say(VECTORS[number].name.clone());
}

#[unsafe(no_mangle)]
pub extern "C" fn run(number: usize) {
    keep_panics();
    VECTORS[number].run();
}

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// Milliseconds since 1970.
    safe fn now() -> f64;
    /// A random byte.
    safe fn random_byte() -> u32;
}

struct HostClock;

impl Clock for HostClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        Ok(now() as u64)
    }
}

fn host_bytes() -> [u8; 32] {
    std::array::from_fn(|_| random_byte() as u8)
}

/// A sign-in, a request, a renewal and a sign-out, by the host's clock and randomness; and what this
/// target lacks is an error, and no panic.
#[unsafe(no_mangle)]
pub extern "C" fn sessions() {
    keep_panics();
    assert!(Key::generate().is_err(), "there is no generator");
    let ring = KeyRing::from_key(Key::from_bytes(&host_bytes()).unwrap());
    let without_clock = Sessions::<account::Account>::builder("wasm", &ring).build();
    let kind = without_clock.unwrap().open("a=1").unwrap_err().kind();
    assert_eq!(kind, OpenErrorKind::Clock);
    let randomness = || -> Result<Randomness, RandomnessError> {
        Ok(Randomness::dangerous_from_bytes(host_bytes()))
    };
    let sessions = Sessions::<account::Account>::builder("wasm", &ring)
        .clock(HostClock)
        .dangerous_randomness(randomness)
        .build()
        .unwrap();
    let value = account::typical();
    let set = sessions.start(&value).unwrap();
    let session = sessions.open(set.pair()).unwrap();
    assert_eq!(session.value(), &value);
    let renewed = sessions.renew(&session).unwrap();
    assert!(renewed.pair() != set.pair() && sessions.open(renewed.pair()).is_ok());
    let signed_out = sessions.sign_out(session).wait();
    assert!(signed_out.everywhere().is_ok() && signed_out.removal_cookies().len() == 1);
    assert!(sessions.open(renewed.pair()).is_err());
}
