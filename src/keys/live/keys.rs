//! [`Keys`]: the argument for keys, which is a ring or one that follows its source.

use alloc::sync::Arc;
use std::sync::LazyLock;

use super::LiveKeyRing;
use crate::keys::ring::KeyRing;

/// The keys of [`Sessions`](crate::Sessions): a `&KeyRing`, or a `&LiveKeyRing` that they follow.
#[derive(Clone, Debug)]
pub struct Keys<'a>(pub(crate) KeysKind<'a>);

#[derive(Clone, Debug)]
pub(crate) enum KeysKind<'a> {
    Ring(&'a KeyRing),
    Live(&'a LiveKeyRing),
}

impl<'a> From<&'a KeyRing> for Keys<'a> {
    fn from(ring: &'a KeyRing) -> Self {
        Self(KeysKind::Ring(ring))
    }
}

impl<'a> From<&'a LiveKeyRing> for Keys<'a> {
    fn from(ring: &'a LiveKeyRing) -> Self {
        Self(KeysKind::Live(ring))
    }
}

/// For a ring that is shared.
impl<'a> From<&'a Arc<KeyRing>> for Keys<'a> {
    fn from(ring: &'a Arc<KeyRing>) -> Self {
        Self(KeysKind::Ring(ring))
    }
}

/// For a ring in a `static`.
impl<'a, F: FnOnce() -> KeyRing> From<&'a LazyLock<KeyRing, F>> for Keys<'a> {
    fn from(ring: &'a LazyLock<KeyRing, F>) -> Self {
        Self(KeysKind::Ring(ring))
    }
}
