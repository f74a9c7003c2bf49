//! Keys are wiped on drop. Obligation 24.
//!
//! The test reads its own process's memory, all of it, after the keys were dropped. It runs alone,
//! without the harness, and only on Linux, which shows a process its memory in `/proc`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

#[cfg(target_os = "linux")]
fn main() {
    linux::secrets_that_are_kept_are_found();
    println!("test secrets_that_are_kept_are_found ... ok");
    linux::no_secret_is_left_when_everything_was_dropped();
    println!("test no_secret_is_left_when_everything_was_dropped ... ok");
    linux::no_derived_key_is_left_on_the_stack();
    println!("test no_derived_key_is_left_on_the_stack ... ok");
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("keys_are_wiped_on_drop did not run: no /proc/self/mem here");
}

#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "each test binary uses its part of it")]
#[path = "support/account.rs"]
mod account;
#[cfg(target_os = "linux")]
#[allow(dead_code, reason = "each test binary uses its part of it")]
#[path = "support/oracle.rs"]
mod oracle;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, SeekFrom};

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sealed_session::{
        Key, KeyRing, KeyRingFile, LiveKeyRing, RotationError, RotationPolicy, Sessions, UnixTime,
    };
    use zeroize::Zeroize as _;

    use crate::account::{Account, typical};
    use crate::oracle;

    /// What a needle is stored under, so that the search does not find the needles themselves.
    const MASK: u8 = 0x5a;

    /// A secret in disguise.
    struct Needle {
        name: &'static str,
        masked: Vec<u8>,
    }

    impl Needle {
        /// The last 16 bytes: the allocator writes over the first of what it gets back.
        fn new(name: &'static str, secret: &[u8]) -> Self {
            let end = &secret[secret.len() - 16..];
            let masked = end.iter().map(|byte| byte ^ MASK).collect();
            Self { name, masked }
        }

        fn is_at(&self, place: &[u8]) -> bool {
            place.len() >= self.masked.len()
                && place.iter().zip(&self.masked).all(|(a, b)| a ^ MASK == *b)
        }
    }

    /// Which needles stand anywhere in this process's writable memory.
    fn found(needles: &[Needle]) -> Vec<&'static str> {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let mut memory = File::open("/proc/self/mem").unwrap();
        let mut found = Vec::new();
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
            let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
            let mut region = vec![0; usize::try_from(end - start).unwrap()];
            memory.seek(SeekFrom::Start(start)).unwrap();
            if memory.read_exact(&mut region).is_err() {
                continue;
            }
            for needle in needles {
                if region.windows(8).enumerate().any(|(place, window)| {
                    window[0] ^ MASK == needle.masked[0] && needle.is_at(&region[place..])
                }) {
                    found.push(needle.name);
                }
            }
            region.fill(0);
        }
        found
    }

    /// A key whose bytes stand nowhere in the binary, and what is derived from it.
    #[inline(never)]
    fn needles(key: &Key) -> Vec<Needle> {
        let text = key.expose_secret();
        // The oracle would leave copies of its own.
        let mut secret = [0; 36];
        let decoded = URL_SAFE_NO_PAD.decode_slice(&text.as_bytes()[5..], &mut secret);
        assert_eq!(decoded, Ok(36));
        let root = secret[..32].try_into().unwrap();
        let mut derived = oracle::derive(root, "shop.example", "__Host-session");
        let needles = vec![
            Needle::new("root", &secret[..32]),
            Needle::new("text", &text.as_bytes()[5..]),
            Needle::new("aud", &derived.aud),
            Needle::new("k_enc", &derived.enc),
            Needle::new("k_sig", &derived.sig),
            Needle::new("k_nonce", &derived.nonce),
            Needle::new("k_sid", &derived.sid),
        ];
        secret.zeroize();
        for key in [&mut derived.aud, &mut derived.enc, &mut derived.sig] {
            key.zeroize();
        }
        derived.nonce.zeroize();
        derived.sid.zeroize();
        needles
    }

    /// Overwrites what this test's own helpers left on stack and heap.
    #[inline(never)]
    fn tidy() {
        zeroize::zeroize_stack::<{ 256 * 1024 }>();
        let junk: Vec<Vec<u8>> = (4..12)
            .flat_map(|bits| std::iter::repeat_n(vec![MASK; 1 << bits], 512))
            .collect();
        drop(std::hint::black_box(junk));
    }

    /// The control: a search that finds nothing where there is something proves nothing.
    pub(super) fn secrets_that_are_kept_are_found() {
        let key = Key::generate().unwrap();
        let needles = needles(&key);
        tidy();
        let found = found(&needles);
        assert!(found.contains(&"root"), "{found:?}");
        drop(key);
    }

    pub(super) fn no_secret_is_left_when_everything_was_dropped() {
        let key = Key::generate().unwrap();
        let needles = needles(&key);
        tidy();
        far_down(key);
        let found = found(&needles);
        assert_eq!(found, Vec::<&str>::new());
    }

    /// Derivation as the last thing done, so that nothing has written over its stack.
    pub(super) fn no_derived_key_is_left_on_the_stack() {
        let key = Key::generate().unwrap();
        let needles = needles(&key);
        let ring = KeyRing::from_key(key);
        tidy();
        let sessions = derive_far_down(&ring);
        drop(sessions);
        drop(ring);
        let found = found(&needles);
        assert_eq!(found, Vec::<&str>::new());
    }

    #[inline(never)]
    fn derive_far_down(ring: &KeyRing) -> Sessions<Account> {
        let between = std::hint::black_box([0u8; 128 * 1024]);
        let sessions = Sessions::builder("shop.example", ring).build().unwrap();
        std::hint::black_box(&between);
        sessions
    }

    /// Where the frames of the search will not write over what is left on the stack.
    #[inline(never)]
    fn far_down(key: Key) {
        let between = std::hint::black_box([0u8; 128 * 1024]);
        use_and_drop(key);
        std::hint::black_box(&between);
    }

    /// A ring's file is written, read on another thread, rotated in place, and followed.
    #[inline(never)]
    fn follow_a_file(text: &str) {
        let path = std::env::temp_dir().join(format!("wiping-{}", std::process::id()));
        let file = KeyRingFile::new(&path);
        file.create(&text.parse().unwrap()).unwrap();
        let live = LiveKeyRing::builder(file.clone()).load().wait().unwrap();
        let sessions = Sessions::<Account>::builder("shop.example", &live)
            .build()
            .unwrap();
        let now = UnixTime::try_from(std::time::SystemTime::now()).unwrap();
        let policy = RotationPolicy::new("shop.example");
        let changed = file.update(|ring| {
            let rotation = policy.rotate(ring, now, Key::generate)?;
            Ok::<_, RotationError>(Some(rotation.into_ring()))
        });
        assert!(changed.unwrap());
        assert!(live.refresh().wait().unwrap());
        std::hint::black_box(format!("{live:?} {sessions:?}"));
        for name in [path.clone(), path.with_extension("lock")] {
            let _ = std::fs::remove_file(name);
        }
    }

    /// Everything that this crate does with a key, and no tidying up after it.
    #[inline(never)]
    fn use_and_drop(key: Key) {
        let text = key.expose_secret();
        let parsed: KeyRing = text.parse().unwrap();
        let printed = parsed.expose_secrets();
        let line = parsed.expose_secrets_in_one_line();
        drop(KeyRing::from_variable(&line).unwrap());
        drop(parsed.amend(&line).unwrap());
        assert!(KeyRing::from_variable(&text).is_err());
        let again: KeyRing = printed.parse().unwrap();
        let moved = Box::new((again.clone(), KeyRing::from_key(key)));
        let id = moved.1.keys()[0].key().id("shop.example");
        let sessions = Sessions::<Account>::builder("shop.example", &moved.0)
            .build()
            .unwrap();
        let set = sessions.start(&typical()).unwrap();
        let session = sessions
            .open(set.as_str().split(';').next().unwrap())
            .unwrap();
        sessions.replace_keys(&moved.1).unwrap();
        drop(sessions.renew(&session).unwrap());
        follow_a_file(&printed);
        std::hint::black_box((id, format!("{sessions:?} {moved:?}")));
    }
}
