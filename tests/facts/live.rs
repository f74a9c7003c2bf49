//! A ring that follows a file or another source, while requests run. Obligation 22.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealed_session::{
    Epoch, KeyRefreshError, KeyRing, KeyRingEvent, KeyRingFile, KeyRingSource, KeyRingSourceError,
    LiveKeyRing, ManualClock, OpenErrorKind, Revocations, RingKey, Sessions, SourceFuture,
    UnixTime,
};

use crate::account::{Account, typical};
use crate::background::{TestBackground, wait_until};
use crate::fixture::{NOW, at, key};

/// A source that gives what the test puts there.
#[derive(Clone)]
struct Put(Arc<Mutex<Result<KeyRing, &'static str>>>, Arc<AtomicUsize>);

impl Put {
    fn new(ring: &KeyRing) -> Self {
        Self(Arc::new(Mutex::new(Ok(ring.clone()))), Arc::default())
    }

    fn put(&self, ring: &KeyRing) {
        *self.0.lock().unwrap() = Ok(ring.clone());
    }

    fn fail(&self, with: &'static str) {
        *self.0.lock().unwrap() = Err(with);
    }

    fn loads(&self) -> usize {
        self.1.load(Ordering::Relaxed)
    }
}

impl KeyRingSource for Put {
    fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let ring = self.0.lock().unwrap().clone();
        let ring = ring.map_err(|error| KeyRingSourceError::other("vault", error));
        Box::pin(std::future::ready(ring))
    }
}

fn follow(source: &Put) -> (LiveKeyRing, ManualClock) {
    let clock = ManualClock::new(at(NOW));
    let live = LiveKeyRing::builder(source.clone())
        .clock(clock.clone())
        .refresh_on_use();
    (live.load().wait().unwrap(), clock)
}

fn sessions(live: &LiveKeyRing, clock: &ManualClock) -> Sessions<Account> {
    Sessions::builder("shop.example", live)
        .clock(clock.clone())
        .build()
        .unwrap()
}

fn cookie(sessions: &Sessions<Account>) -> String {
    let set_cookie = sessions.start(&typical()).unwrap();
    set_cookie.as_str().split(';').next().unwrap().into()
}

fn entry(seed: u8) -> RingKey {
    RingKey::new(key(seed))
}

fn from(seed: u8, time: u64) -> RingKey {
    entry(seed).with_seal_from(at(time))
}

fn ring<const N: usize>(keys: [RingKey; N]) -> KeyRing {
    KeyRing::new(keys).unwrap()
}

fn kind(sessions: &Sessions<Account>, cookie: &str) -> Option<OpenErrorKind> {
    sessions.open(cookie).err().map(|error| error.kind())
}

#[test]
fn sessions_take_a_new_ring_and_their_revocations_with_them() {
    let source = Put::new(&ring([entry(1)]));
    let (live, clock) = follow(&source);
    let sessions = sessions(&live, &clock);
    let old = cookie(&sessions);
    source.put(&ring([entry(1), from(2, NOW)]));
    assert!(live.refresh().wait().unwrap());
    assert!(!live.refresh().wait().unwrap(), "nothing has changed since");
    assert!(sessions.open(&old).unwrap().renewal().key_moved_on());
    let new = cookie(&sessions);
    let opened = sessions.open(&new).unwrap();
    assert_eq!(opened.key_id(), key(2).id("shop.example"));
    assert_eq!(live.ring().keys().len(), 2);
}

#[test]
fn a_source_that_fails_keeps_the_ring_and_tells() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&events);
    let source = Put::new(&ring([entry(1)]));
    let live = LiveKeyRing::builder(source.clone())
        .on_event(move |event: &KeyRingEvent<'_>| told.lock().unwrap().push(format!("{event:?}")))
        .load()
        .wait()
        .unwrap();
    let sessions: Sessions<Account> = Sessions::builder("shop.example", &live).build().unwrap();
    let cookie = cookie(&sessions);
    source.fail("no route to host");
    let error = live.refresh().wait().unwrap_err();
    assert_eq!(error.to_string(), "vault: no route to host");
    assert!(sessions.open(&cookie).is_ok());
    source.put(&ring([entry(1), from(2, NOW)]));
    live.refresh().wait().unwrap();
    let events = events.lock().unwrap();
    assert!(events[0].starts_with("Failed(Source("), "{events:?}");
    assert_eq!(events[1..], ["Replaced { keys: 2 }"]);
}

#[test]
fn a_ring_that_lost_a_key_which_is_needed_is_not_taken() {
    let three = [entry(1), from(2, NOW - 100), from(3, NOW + 1000)];
    let source = Put::new(&ring(three.clone()));
    let (live, clock) = follow(&source);
    let sessions = sessions(&live, &clock);
    let cookie = cookie(&sessions);
    for lost in 0..3 {
        let mut left = three.to_vec();
        left.remove(lost);
        source.put(&KeyRing::new(left).unwrap());
        let error = live.refresh().wait().unwrap_err();
        let expected = lost + 1;
        assert!(matches!(error, KeyRefreshError::Shrunken { entry } if entry == expected));
        assert_eq!(live.ring().keys().len(), 3);
        assert_eq!(kind(&sessions, &cookie), None);
    }
    // Replaced altogether, as by the file of another application.
    source.put(&ring([entry(9)]));
    assert!(live.refresh().wait().is_err());
    // Planned keys, too, may only be put off, or replaced by a new one.
    source.put(&ring([entry(1), from(2, NOW - 100), from(9, NOW + 1000)]));
    assert!(live.refresh().wait().unwrap());
    source.put(&ring(three));
    assert!(live.refresh().wait().unwrap());
    source.put(&ring([entry(1), from(9, NOW - 100), from(3, NOW + 1000)]));
    assert!(live.refresh().wait().is_err(), "one that seals is not");
    source.put(&ring([entry(1), from(2, NOW - 100), from(3, NOW + 5000)]));
    assert!(live.refresh().wait().unwrap());
}

#[test]
fn a_key_may_go_once_its_sessions_have_ended_or_it_is_closed_and_no_second_before() {
    // Key 1 sealed until NOW; a session lives half an hour, and clocks differ by a minute.
    let before = ring([entry(1), from(2, NOW)]);
    let after = ring([from(2, NOW)]);
    for (now, taken) in [
        (NOW, false),
        (NOW + 1919, false),
        (NOW + 1920, true),
        (NOW + 99999, true),
    ] {
        let source = Put::new(&before);
        let (live, clock) = follow(&source);
        let _sessions = sessions(&live, &clock);
        clock.set(at(now));
        source.put(&after);
        assert_eq!(live.refresh().wait().is_ok(), taken, "{now}");
    }
    let closed = ring([entry(1).with_open_until(at(NOW + 50)), from(2, NOW)]);
    for (now, taken) in [(NOW + 49, false), (NOW + 50, true)] {
        let source = Put::new(&closed);
        let (live, clock) = follow(&source);
        let _sessions = sessions(&live, &clock);
        clock.set(at(now));
        source.put(&after);
        assert_eq!(live.refresh().wait().is_ok(), taken, "{now}");
    }
    // While nobody follows, nobody knows how long sessions live.
    let source = Put::new(&before);
    let (live, clock) = follow(&source);
    clock.set(at(NOW + 99999));
    source.put(&after);
    assert!(live.refresh().wait().is_err());
}

#[test]
fn a_leaked_key_is_closed_and_not_deleted() {
    let source = Put::new(&ring([entry(1)]));
    let (live, clock) = follow(&source);
    let sessions = sessions(&live, &clock);
    let under_leaked = cookie(&sessions);
    source.put(&ring([from(2, NOW - 60)]));
    assert!(live.refresh().wait().is_err());
    let closed = entry(1).with_open_until(at(NOW));
    source.put(&ring([closed, from(2, NOW - 60)]));
    assert!(live.refresh().wait().unwrap());
    assert_eq!(
        kind(&sessions, &under_leaked),
        Some(OpenErrorKind::RetiredKey)
    );
    let under_new = cookie(&sessions);
    assert_eq!(kind(&sessions, &under_new), None);
}

#[test]
fn a_schedule_that_was_moved_under_living_sessions_is_not_taken() {
    let present = [entry(1), from(2, NOW - 100), from(3, NOW + 1000)];
    for (new, entry_named) in [
        // As if the end of a line were missing.
        (ring([from(1, NOW - 9000), from(2, NOW - 100), entry(3)]), 3),
        (ring([entry(1), from(2, NOW - 101), from(3, NOW + 1000)]), 1),
        (ring([entry(1), from(2, NOW + 10), from(3, NOW + 1000)]), 2),
        (ring([entry(1), from(2, NOW - 100), from(3, NOW + 60)]), 2),
    ] {
        let source = Put::new(&ring(present.clone()));
        let (live, clock) = follow(&source);
        let _sessions = sessions(&live, &clock);
        source.put(&new);
        let error = live.refresh().wait().unwrap_err();
        assert!(
            matches!(error, KeyRefreshError::Rescheduled { entry } if entry == entry_named),
            "{error:?} for {new:?}"
        );
    }
    // No key seals.
    let source = Put::new(&ring([entry(1)]));
    let (live, _) = follow(&source);
    source.put(&ring([entry(1).with_open_until(at(NOW))]));
    let error = live.refresh().wait().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the new key ring is not taken: no key seals now"
    );
}

#[test]
fn an_unknown_key_brings_a_load_forward_and_made_up_ones_no_more_than_one_an_interval() {
    let source = Put::new(&ring([entry(1)]));
    let (live, clock) = follow(&source);
    let sessions = sessions(&live, &clock);
    // Another server has the new ring already.
    let ahead = ring([entry(1), from(2, NOW)]);
    let other: Sessions<Account> = Sessions::builder("shop.example", &ahead)
        .clock(clock.clone())
        .build()
        .unwrap();
    let theirs = cookie(&other);
    source.put(&ahead);
    clock.advance(Duration::from_secs(1));
    assert!(!live.refresh_if_due().wait().unwrap(), "not yet");
    assert_eq!(kind(&sessions, &theirs), Some(OpenErrorKind::UnknownKey));
    assert!(live.refresh_if_due().wait().unwrap(), "due at once");
    assert_eq!(kind(&sessions, &theirs), None);

    let stranger = ring([entry(9)]);
    let stranger: Sessions<Account> = Sessions::builder("shop.example", &stranger)
        .clock(clock.clone())
        .build()
        .unwrap();
    let made_up = cookie(&stranger);
    let before = source.loads();
    for _ in 0..600 {
        clock.advance(Duration::from_secs(1));
        for _ in 0..3 {
            assert!(sessions.open(&made_up).is_err());
            live.refresh_if_due().wait().unwrap();
        }
    }
    // Ten minutes: ten by the interval, and as many that were brought forward.
    let loads = source.loads() - before;
    assert!((10..=20).contains(&loads), "{loads} loads");
}

#[test]
fn the_task_loads_at_its_interval_and_ends_with_its_last_user() {
    let source = Put::new(&ring([entry(1)]));
    let clock = ManualClock::new(at(NOW));
    // Its pauses take no time, and move the clock.
    let background = TestBackground::new(&clock);
    let live = LiveKeyRing::builder(source.clone())
        .clock(clock.clone())
        .background(background.clone())
        .load()
        .wait()
        .unwrap();
    let sessions = sessions(&live, &clock);
    wait_until(|| source.loads() > 5);
    assert!(sealed_session::Clock::monotonic(&clock) >= Duration::from_secs(5 * 60));
    // The sessions keep it alive, and then nobody.
    drop(live);
    let loads = source.loads();
    wait_until(|| source.loads() > loads);
    drop(sessions);
    wait_until(|| background.running() == 0);
}

#[test]
fn one_audience_that_cannot_use_a_ring_keeps_it_from_all() {
    let [a, b] = crate::keys::colliding();
    let source = Put::new(&ring([RingKey::new(a.clone())]));
    let (live, clock) = follow(&source);
    let build = |audience| -> Sessions<Account> {
        Sessions::builder(audience, &live)
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let (other, shop) = (build("other"), build("shop.example"));
    source.put(&ring([
        RingKey::new(a.clone()),
        RingKey::new(b.clone()).with_seal_from(at(NOW)),
    ]));
    let error = live.refresh().wait().unwrap_err();
    assert!(matches!(error, KeyRefreshError::KeyRing(_)), "{error}");
    for (sessions, audience) in [(&other, "other"), (&shop, "shop.example")] {
        let opened = sessions.open(cookie(sessions)).unwrap();
        assert_eq!(opened.key_id(), a.id(audience));
    }
    // What is no longer used has no say.
    drop(shop);
    assert!(live.refresh().wait().unwrap());
    let opened = other.open(cookie(&other)).unwrap();
    assert_eq!(opened.key_id(), b.id("other"));
}

#[test]
fn swapping_rings_ten_thousand_times_refuses_nothing() {
    let now = UnixTime::try_from(std::time::SystemTime::now()).unwrap();
    let past = |seconds| now.as_secs() - seconds;
    // The sealing key goes back and forth; both open in each.
    let rings = [
        ring([from(1, past(2000)), from(2, past(1000))]),
        ring([from(1, past(1000)), from(2, past(2000))]),
    ];
    let sessions: Sessions<Account> = Sessions::builder("shop.example", &rings[0])
        .revocations(Revocations::fixed(Epoch::ZERO))
        .build()
        .unwrap();
    let (done, rounds) = (AtomicBool::new(false), AtomicUsize::new(0));
    let cookies = [0, 1].map(|at| {
        sessions.replace_keys(&rings[at]).unwrap();
        cookie(&sessions)
    });
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let fresh = cookie(&sessions);
                    for cookie in cookies.iter().chain([&fresh]) {
                        let session = sessions.open(cookie).unwrap();
                        let _ = sessions.renew(&session).unwrap();
                    }
                    rounds.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for swap in 0..10_000 {
            sessions.replace_keys(&rings[swap % 2]).unwrap();
        }
        // Two thousand rounds at the least, however threads are scheduled.
        while rounds.load(Ordering::Relaxed) < 2000 {
            sessions.replace_keys(&rings[0]).unwrap();
            sessions.replace_keys(&rings[1]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("sealed-session-{}-live-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn follow_file(path: &Path) -> (LiveKeyRing, Sessions<Account>) {
    let clock = ManualClock::new(at(NOW));
    let live = LiveKeyRing::builder(KeyRingFile::new(path))
        .clock(clock.clone())
        .refresh_on_use();
    let live = live.load().wait().unwrap();
    let sessions = sessions(&live, &clock);
    (live, sessions)
}

#[test]
fn no_part_of_a_file_that_is_being_written_is_taken_for_a_ring_with_less() {
    let folder = Folder::new("half");
    let path = folder.0.join("keys");
    let old = ring([from(1, NOW - 5000), from(2, NOW - 100)]);
    let new = ring([
        from(1, NOW - 5000).with_open_until(at(NOW + 2000)),
        from(2, NOW - 100),
        from(3, NOW + 500),
    ]);
    let text = new.expose_secrets();
    fs::write(&path, old.expose_secrets().as_bytes()).unwrap();
    let (live, sessions) = follow_file(&path);
    let cookie = cookie(&sessions);
    let mut taken = Vec::new();
    for len in 0..=text.len() {
        fs::write(&path, &text.as_bytes()[..len]).unwrap();
        if live.refresh().wait().is_ok_and(|changed| changed) {
            taken.push((len, live.ring().keys().len()));
        }
        // Whatever was taken, nothing is lost.
        assert_eq!(kind(&sessions, &cookie), None, "after {len} bytes");
        assert!(live.ring().keys().len() >= 2);
    }
    // The old keys are there from the end of the second line, and all of it at the end.
    assert_eq!(taken.last().unwrap().1, 3, "{taken:?}");
    assert_eq!(live.ring().expose_secrets(), text);
}

#[test]
fn an_empty_or_broken_file_keeps_the_ring_and_says_where() {
    let folder = Folder::new("broken");
    let path = folder.0.join("keys");
    let good = ring([entry(1)]);
    fs::write(&path, good.expose_secrets().as_bytes()).unwrap();
    let (live, sessions) = follow_file(&path);
    let cookie = cookie(&sessions);
    let file = format!("file {}: ", path.display());
    let too_long = "#".repeat((1 << 20) + 1);
    for (content, says) in [
        ("", "key ring: there is no key"),
        ("# soon\n", "key ring: there is no key"),
        ("ssk1_", "key ring, line 1, key 1: a key has 53 characters"),
        ("ring", "key ring, line 1, key 1: a key starts with"),
        (
            "\u{fffd}",
            "key ring, line 1, column 1: a character that is not ASCII",
        ),
        (&too_long, "longer than a mebibyte"),
    ] {
        fs::write(&path, content).unwrap();
        let error = live.refresh().wait().unwrap_err().to_string();
        assert!(error.starts_with(&format!("{file}{says}")), "{error}");
        assert_eq!(kind(&sessions, &cookie), None);
    }
    // A mebibyte itself is read.
    let mut longest = format!("{}\n#", good.expose_secrets().as_str());
    longest.push_str(&"#".repeat((1 << 20) - longest.len()));
    fs::write(&path, longest).unwrap();
    live.refresh().wait().unwrap();
    fs::remove_file(&path).unwrap();
    let error = live.refresh().wait().unwrap_err().to_string();
    assert!(error.starts_with(&format!("{file}No such file")), "{error}");
    assert_eq!(kind(&sessions, &cookie), None);
}

/// Kubernetes moves a link to a folder, and the file's own name stays a link.
#[cfg(unix)]
#[test]
fn a_mounted_secret_that_swaps_a_link_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("mounted");
    let versions = [ring([entry(1)]), ring([entry(1), from(2, NOW)])];
    for (number, ring) in versions.iter().enumerate() {
        let version = folder.0.join(format!("..version-{number}"));
        fs::create_dir(&version).unwrap();
        fs::write(version.join("keys"), ring.expose_secrets().as_bytes()).unwrap();
    }
    let data = folder.0.join("..data");
    symlink("..version-0", &data).unwrap();
    let path = folder.0.join("keys");
    symlink("..data/keys", &path).unwrap();
    let (live, _sessions) = follow_file(&path);
    assert_eq!(live.ring().keys().len(), 1);
    symlink("..version-1", folder.0.join("..data.new")).unwrap();
    fs::rename(folder.0.join("..data.new"), &data).unwrap();
    assert!(live.refresh().wait().unwrap());
    assert_eq!(live.ring().keys().len(), 2);
}

#[test]
fn a_change_within_one_tick_of_the_files_time_is_seen() {
    let folder = Folder::new("tick");
    let path = folder.0.join("keys");
    let rings = [
        ring([from(1, NOW - 5), from(2, NOW + 5000)]),
        ring([from(1, NOW - 5), from(2, NOW + 6000)]),
    ];
    fs::write(&path, rings[0].expose_secrets().as_bytes()).unwrap();
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let (live, _sessions) = follow_file(&path);
    fs::write(&path, rings[1].expose_secrets().as_bytes()).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    assert!(live.refresh().wait().unwrap(), "same length, same time");
}

#[test]
fn a_listener_may_ask_for_the_ring_and_for_another_load() {
    let source = Put::new(&ring([entry(1)]));
    let handle: Arc<Mutex<Option<LiveKeyRing>>> = Arc::default();
    let seen = Arc::new(AtomicUsize::new(0));
    let live = {
        let (handle, seen) = (Arc::clone(&handle), Arc::clone(&seen));
        let builder = LiveKeyRing::builder(source.clone()).on_event(move |_| {
            let live = handle.lock().unwrap().clone().unwrap();
            seen.store(live.ring().keys().len(), Ordering::Relaxed);
            assert!(!live.refresh().wait().unwrap());
        });
        builder.load().wait().unwrap()
    };
    *handle.lock().unwrap() = Some(live.clone());
    source.put(&ring([entry(1), from(2, NOW)]));
    assert!(live.refresh().wait().unwrap());
    assert_eq!(seen.load(Ordering::Relaxed), 2);
    *handle.lock().unwrap() = None;
}

#[test]
fn a_clock_without_time_is_an_error_that_is_told() {
    struct Broken(AtomicBool);
    impl sealed_session::Clock for Broken {
        fn unix_millis(&self) -> Result<u64, sealed_session::TimeError> {
            if self.0.swap(true, Ordering::Relaxed) {
                return Err(sealed_session::TimeError::Before1970);
            }
            Ok(NOW * 1000)
        }
    }
    let told = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&told);
    let live = LiveKeyRing::builder(Put::new(&ring([entry(1)])))
        .refresh_on_use()
        .clock(Broken(AtomicBool::new(false)))
        .on_event(move |event| {
            assert!(matches!(
                event,
                KeyRingEvent::Failed(KeyRefreshError::Clock(_))
            ));
            count.fetch_add(1, Ordering::Relaxed);
        });
    let live = live.load().wait().unwrap();
    assert!(live.refresh_if_due().wait().is_err());
    assert!(live.refresh().wait().is_err());
    assert_eq!(told.load(Ordering::Relaxed), 2);
    assert_eq!(live.ring().keys().len(), 1);
}

#[test]
fn a_closed_key_stays_closed() {
    let closed = ring([entry(1).with_open_until(at(NOW - 5)), from(2, NOW - 60)]);
    for open in [entry(1), entry(1).with_open_until(at(NOW + 500))] {
        let source = Put::new(&closed);
        let (live, clock) = follow(&source);
        let _sessions = sessions(&live, &clock);
        source.put(&ring([open, from(2, NOW - 60)]));
        let error = live.refresh().wait().unwrap_err();
        assert!(matches!(error, KeyRefreshError::Reopened { entry: 1 }));
        assert_eq!(
            error.to_string(),
            "the new key ring is not taken: key 1 of the present ring is closed and would open again; to \
             open it on purpose, restart the process"
        );
    }
}

/// A function that was frozen, or a server whose source was out of reach, for longer than sessions live.
#[test]
fn a_process_that_has_heard_nothing_for_longer_than_sessions_live_takes_what_there_is() {
    let needed = 1800 + 2 * 60;
    for (silence, taken) in [(needed, false), (needed + 1, true)] {
        let source = Put::new(&ring([entry(1)]));
        let (live, clock) = follow(&source);
        let _sessions = sessions(&live, &clock);
        source.fail("out of reach");
        clock.advance(Duration::from_secs(silence));
        assert!(live.refresh().wait().is_err());
        source.put(&ring([from(9, NOW - 50_000)]));
        assert_eq!(live.refresh().wait().is_ok(), taken, "{silence}");
    }
    // One without a key that seals is not taken all the same, and does not end the silence.
    let source = Put::new(&ring([entry(1)]));
    let (live, clock) = follow(&source);
    let _sessions = sessions(&live, &clock);
    clock.advance(Duration::from_secs(needed + 1));
    source.put(&ring([from(9, NOW + 50_000)]));
    let error = live.refresh().wait().unwrap_err();
    assert!(matches!(error, KeyRefreshError::NoSealingKey), "{error}");
    source.put(&ring([from(9, NOW - 50_000)]));
    assert!(live.refresh().wait().unwrap());
    // A file that is cut short and stays so is not taken for silence.
    let source = Put::new(&ring([entry(1), from(2, NOW - 5)]));
    let (live, clock) = follow(&source);
    let _sessions = sessions(&live, &clock);
    source.put(&ring([entry(1)]));
    for _ in 0..100 {
        clock.advance(Duration::from_secs(60));
        assert!(live.refresh().wait().is_err());
    }
}

#[test]
fn a_load_goes_on_when_its_request_has_gone() {
    /// Answers when the test says.
    struct Slow(Put, Arc<tokio::sync::Semaphore>);
    impl KeyRingSource for Slow {
        fn load(&self) -> SourceFuture<'_, Result<KeyRing, KeyRingSourceError>> {
            Box::pin(async move {
                self.1.acquire().await.unwrap().forget();
                self.0.load().await
            })
        }
    }
    let source = Put::new(&ring([entry(1)]));
    let answers = Arc::new(tokio::sync::Semaphore::new(1));
    let clock = ManualClock::new(at(NOW));
    let live = LiveKeyRing::builder(Slow(source.clone(), Arc::clone(&answers)))
        .clock(clock.clone())
        .refresh_on_use()
        .load()
        .wait()
        .unwrap();
    source.put(&ring([entry(1), from(2, NOW)]));
    clock.advance(Duration::from_secs(60));
    for _ in 0..5 {
        drop(live.refresh_if_due());
        assert!(!live.refresh_if_due().wait().unwrap(), "one loads");
        clock.advance(Duration::from_secs(1));
    }
    answers.add_permits(1);
    wait_until(|| live.ring().keys().len() == 2);
    assert!(!live.refresh_if_due().wait().unwrap());
}

#[test]
fn the_longest_life_and_skew_of_those_who_follow_decide() {
    let source = Put::new(&ring([entry(1), from(2, NOW)]));
    let clock = ManualClock::new(at(NOW));
    let live = LiveKeyRing::builder(source.clone())
        .clock(clock.clone())
        .other_sessions(
            Duration::from_millis(99_001),
            Duration::from_secs(500),
            Duration::from_millis(500),
        );
    let live = live.load().wait().unwrap();
    let build = |idle, skew| {
        Sessions::<Account>::builder("shop.example", &live)
            .clock(clock.clone())
            .idle_timeout(Duration::from_secs(idle))
            .skew(Duration::from_secs(skew))
            .build()
            .unwrap()
    };
    source.put(&ring([from(2, NOW)]));
    let taken_at = |clock: &ManualClock, seconds| {
        clock.set(at(NOW + seconds));
        live.refresh().wait().is_ok()
    };
    assert!(
        !taken_at(&clock, 101),
        "100 seconds and twice the skew of one"
    );
    let _sessions = [build(200, 1), build(50, 30), build(60, 2)];
    assert!(!taken_at(&clock, 259));
    assert!(taken_at(&clock, 260));
}

/// Whoever rotates the keys may not know of sessions that last for a week; the process that seals them
/// does.
#[test]
fn a_key_that_closes_before_its_sessions_end_is_told_by_the_process_that_knows_them() {
    let week = Duration::from_secs(7 * 86_400);
    let ring = |until: u64| {
        let closes = entry(1).with_open_until(at(NOW + 100 + until));
        KeyRing::new([closes, from(2, NOW + 100)]).unwrap()
    };
    let needed = 7 * 86_400 + 60;
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let source = Put::new(&ring(needed - 1));
    let clock = ManualClock::new(at(NOW));
    let live = LiveKeyRing::builder(source.clone())
        .clock(clock.clone())
        .refresh_on_use()
        .on_event(move |event| {
            if let KeyRingEvent::ClosesEarly {
                entry,
                open_until,
                needed,
            } = event
            {
                heard.lock().unwrap().push((*entry, *open_until, *needed));
            }
        })
        .load()
        .wait()
        .unwrap();
    let take = || std::mem::take(&mut *told.lock().unwrap());
    let expected = |until: u64| vec![(1, at(NOW + 100 + until), at(NOW + 100 + needed))];
    // Sessions of half an hour have room enough.
    let _short = sessions(&live, &clock);
    assert_eq!(take(), []);
    let long = Sessions::<Account>::builder("shop.example", &live)
        .clock(clock.clone())
        .idle_timeout(week)
        .absolute_timeout(week)
        .build()
        .unwrap();
    assert_eq!(take(), expected(needed - 1));
    // Others that last no longer tell nothing new.
    let _short = sessions(&live, &clock);
    assert_eq!(take(), []);
    source.put(&ring(needed));
    assert!(live.refresh().wait().unwrap());
    assert_eq!(take(), []);
    source.put(&ring(50));
    assert!(live.refresh().wait().unwrap());
    assert_eq!(take(), expected(50));
    // Sessions of which only the ring was told, and the very first ring.
    let heard = Arc::clone(&told);
    let first = LiveKeyRing::builder(Put::new(&ring(50)))
        .clock(clock.clone())
        .other_sessions(week, week, Duration::from_secs(60))
        .on_event(move |event| {
            if let KeyRingEvent::ClosesEarly {
                entry,
                open_until,
                needed,
            } = event
            {
                heard.lock().unwrap().push((*entry, *open_until, *needed));
            }
        })
        .load()
        .wait()
        .unwrap();
    assert_eq!(take(), expected(50));
    let _short = sessions(&first, &clock);
    assert_eq!(take(), []);
    // One that was closed at once has leaked.
    let closed = KeyRing::new([entry(1).with_open_until(at(NOW)), from(2, NOW - 60)]);
    let (source, _) = (Put::new(&closed.unwrap()), long);
    let live = LiveKeyRing::builder(source).clock(clock.clone());
    let heard = Arc::clone(&told);
    let live = live
        .on_event(move |event| {
            if matches!(event, KeyRingEvent::ClosesEarly { .. }) {
                heard.lock().unwrap().push((0, at(0), at(0)));
            }
        })
        .load()
        .wait()
        .unwrap();
    let _sessions = sessions(&live, &clock);
    assert_eq!(take(), []);
}
