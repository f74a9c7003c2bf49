//! Two kinds of session in one application: no one opens as the other. Obligation 42.

use sealed_session::{
    BuildError, Codec, CookieError, CookieSettings, KeyRing, OpenErrorKind, SessionData, Sessions,
};
use serde::{Deserialize, Serialize};

use crate::fixture::key;

/// What a visitor puts together.
#[derive(Debug, Serialize, Deserialize)]
struct Basket {
    article: u64,
    note: String,
}

impl SessionData for Basket {
    const NAME: &'static str = "basket";
    const SCHEMA: u32 = 1;
}

/// Who is signed in. It is encoded as a basket is.
#[derive(Debug, Serialize, Deserialize)]
struct Customer {
    user: u64,
    name: String,
}

impl SessionData for Customer {
    const NAME: &'static str = "customer";
    const SCHEMA: u32 = 1;
}

fn basket() -> Basket {
    Basket {
        article: 7,
        note: "joe".into(),
    }
}

#[test]
fn each_type_has_a_cookie_of_its_own_and_opens_no_other() {
    let ring = KeyRing::from_key(key(1));
    let baskets = Sessions::<Basket>::builder("kinds", &ring).build().unwrap();
    let customers = Sessions::<Customer>::builder("kinds", &ring)
        .build()
        .unwrap();
    assert_eq!(baskets.cookie_name(), "__Host-basket");
    assert_eq!(customers.cookie_name(), "__Host-customer");
    let set = baskets.start(&basket()).unwrap();
    let header = set.pair();
    let error = customers.open(header).unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Missing);
    let value = header.split_once('=').unwrap().1;
    let error = customers
        .open(format!("__Host-customer={value}"))
        .unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unauthentic);
    assert_eq!(baskets.open(header).unwrap().value().article, 7);
}

#[test]
fn two_types_under_one_cookie_and_audience_are_an_error_when_the_second_is_built() {
    let ring = KeyRing::from_key(key(1));
    let build = |name| {
        Sessions::<Basket>::builder("two types", &ring)
            .cookie(CookieSettings::host(name))
            .build()
    };
    let baskets = build("customer").unwrap();
    let error = Sessions::<Customer>::builder("two types", &ring)
        .build()
        .unwrap_err();
    let BuildError::NameTaken { this, other } = error else {
        panic!("{error}");
    };
    assert!(this.ends_with("kinds::Customer") && other.ends_with("kinds::Basket"));
    assert_eq!(
        error.to_string(),
        format!(
            "{this} would have the cookie of {other}, and the one would open as the other; give each \
             type of session a NAME of its own"
        )
    );
    let codec = Codec::<Customer>::builder("two types", &ring).build();
    assert!(matches!(codec, Err(BuildError::NameTaken { .. })));
    // The same type again, another audience and another cookie are fine.
    assert!(build("customer").is_ok() && build("basket").is_ok());
    let elsewhere = Sessions::<Customer>::builder("two types, elsewhere", &ring);
    assert!(elsewhere.build().is_ok());
    // The name stays taken when nothing is left that has it: a cookie may still be out.
    drop(baskets);
    let later = Sessions::<Customer>::builder("two types", &ring).build();
    assert!(matches!(later, Err(BuildError::NameTaken { .. })));
}

#[test]
fn a_name_that_is_no_cookie_name_is_an_error_at_build() {
    #[derive(Serialize, Deserialize)]
    struct Odd;
    impl SessionData for Odd {
        const NAME: &'static str = "my session";
        const SCHEMA: u32 = 1;
    }
    let ring = KeyRing::from_key(key(1));
    let sessions = Sessions::<Odd>::builder("odd", &ring).build();
    assert!(matches!(sessions, Err(BuildError::Cookie(_))));
    let codec = Codec::<Odd>::builder("odd", &ring).build();
    assert!(matches!(codec, Err(BuildError::Cookie(_))));
}

#[test]
fn a_name_with_a_prefix_of_its_own_or_without_letters_is_an_error_at_build() {
    macro_rules! named {
        ($($type:ident $name:literal $error:ident)*) => {$(
            #[derive(Serialize, Deserialize)]
            struct $type;
            impl SessionData for $type {
                const NAME: &'static str = $name;
                const SCHEMA: u32 = 1;
            }
            let ring = KeyRing::from_key(key(1));
            let expected = BuildError::Cookie(CookieError::$error);
            for origin in ["https://shop.example", "http://localhost:3000"] {
                let builder = Sessions::<$type>::builder("prefixes", &ring).origin(origin);
                assert_eq!(builder.build().unwrap_err(), expected, $name);
            }
            let codec = Codec::<$type>::builder("prefixes", &ring).build();
            assert_eq!(codec.unwrap_err(), expected, $name);
        )*};
    }
    named! {
        Host "__Host-account" TwoPrefixes
        Secure "__secure-account" TwoPrefixes
        Empty "" EmptyName
    }
}
