//! The examples of the README and of the pages in `docs`, run as documentation tests.

#[doc = include_str!("../README.md")]
struct Readme;

#[doc = include_str!("../docs/LOOSE.md")]
struct Loose;

#[doc = include_str!("../docs/guide/localhost.md")]
struct Localhost;

#[doc = include_str!("../docs/guide/sign-in-and-out.md")]
struct SignInAndOut;

#[doc = include_str!("../docs/guide/log-out-everywhere.md")]
struct LogOutEverywhere;

#[doc = include_str!("../docs/guide/rotate-keys.md")]
struct RotateKeys;

#[doc = include_str!("../docs/guide/a-key-leaked.md")]
struct AKeyLeaked;

#[doc = include_str!("../docs/guide/change-the-struct.md")]
struct ChangeTheStruct;

#[doc = include_str!("../docs/guide/come-from.md")]
struct ComeFrom;

#[doc = include_str!("../docs/guide/test-it.md")]
struct TestIt;

#[doc = include_str!("../docs/guide/size.md")]
struct Size;
