//! Time, the store, and the network between it and the servers: one thread, one seed, no real clock.
//!
//! A call of a server travels to the store, is carried out there in one instant, and its answer
//! travels back. Either way may be slow, cut, or lost. Futures are polled when what they wait for
//! arrives, unless their server is frozen.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sealed_session::{
    Background, BackgroundFuture, Clock, Loaded, Replaced, RevocationStore, StoreError,
    StoreErrorKind, StoreFuture, TimeError, Version,
};

use crate::random::Random;

/// Milliseconds of true time, which no server knows.
pub(crate) type Time = u64;

/// The true time at which every run begins.
pub(crate) const START: Time = 1_795_348_800_000;

impl Random {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What a server asks of the store.
enum Asked {
    Load(Option<Version>),
    Replace(Option<Version>, Vec<u8>),
}

/// What comes back.
enum Answer {
    Loaded(Loaded),
    Replaced(Replaced),
    Slept,
    Failed,
}

struct Call {
    server: usize,
    begun: Time,
    /// The version that the answer is about.
    version: u64,
    asked: Option<Asked>,
    answer: Option<Answer>,
    returned: bool,
    waker: Option<Waker>,
}

enum Happens {
    /// A call reaches the store.
    Arrives(usize),
    /// Its answer reaches the server.
    Returns(usize),
    /// The run itself does something.
    Due(u64),
}

/// A document as it was committed.
#[derive(Clone)]
pub(crate) struct Committed {
    pub(crate) time: Time,
    pub(crate) document: Vec<u8>,
    pub(crate) version: u64,
    /// Whether it was made where there was none.
    pub(crate) created: bool,
}

pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) random: Random,
    events: BinaryHeap<Reverse<(Time, u64, usize)>>,
    happenings: Vec<Option<Happens>>,
    calls: Vec<Call>,
    pub(crate) document: Option<Committed>,
    /// Every commit, to be taken out by who checks.
    pub(crate) commits: Vec<Committed>,
    versions: u64,
    /// Until when each server is cut off.
    pub(crate) cut_until: Vec<Time>,
    /// When the last load began whose answer each server's process has had and not dropped, and the
    /// newest version that it has had.
    pub(crate) fresh: Vec<(Time, u64)>,
    /// The greatest delay of a message that is not slow, in milliseconds.
    pub(crate) delay: u64,
    /// One message in so many is slow, and one is lost.
    pub(crate) trouble: u64,
}

impl World {
    pub(crate) fn new(seed: u64, servers: usize) -> Self {
        Self {
            now: START,
            random: Random(seed),
            events: BinaryHeap::new(),
            happenings: Vec::new(),
            calls: Vec::new(),
            document: None,
            commits: Vec::new(),
            versions: 0,
            cut_until: vec![0; servers],
            fresh: vec![(0, 0); servers],
            delay: 100,
            trouble: 50,
        }
    }

    fn happen(&mut self, at: Time, what: Happens) {
        let number = self.happenings.len();
        self.happenings.push(Some(what));
        self.events.push(Reverse((at, number as u64, number)));
    }

    /// The run wants to be told at `at`.
    pub(crate) fn remind(&mut self, at: Time, of: u64) {
        self.happen(at, Happens::Due(of));
    }

    /// Goes on to the next event, up to `end`. Some(Some(_)): a reminder.
    pub(crate) fn step(&mut self, end: Time) -> Option<Option<u64>> {
        let &Reverse((at, _, number)) = self.events.peek()?;
        if at > end {
            return None;
        }
        self.events.pop();
        self.now = at;
        match self.happenings[number].take()? {
            Happens::Due(what) => return Some(Some(what)),
            Happens::Arrives(call) => self.carry_out(call),
            Happens::Returns(call) => {
                self.calls[call].returned = true;
                if let Some(waker) = self.calls[call].waker.take() {
                    waker.wake();
                }
            }
        }
        Some(None)
    }

    fn travel(&mut self) -> u64 {
        let slow = self.random.one_in(self.trouble);
        1 + self.random.below(if slow { 15_000 } else { self.delay })
    }

    fn call(&mut self, server: usize, asked: Asked) -> usize {
        let call = self.calls.len();
        self.calls.push(Call {
            server,
            begun: self.now,
            version: 0,
            asked: Some(asked),
            answer: None,
            returned: false,
            waker: None,
        });
        let lost = self.random.one_in(self.trouble * 2);
        if lost || self.cut_until[server] > self.now {
            // Nothing reaches the store, and the server waits in vain.
            let after = 1000 + self.random.below(9000);
            self.fail(call, after);
        } else {
            let travel = self.travel();
            self.happen(self.now + travel, Happens::Arrives(call));
        }
        call
    }

    fn fail(&mut self, call: usize, after: u64) {
        self.calls[call].answer = Some(Answer::Failed);
        self.happen(self.now + after, Happens::Returns(call));
    }

    fn carry_out(&mut self, call: usize) {
        let server = self.calls[call].server;
        let present = self.document.as_ref().map_or(0, |present| present.version);
        self.calls[call].version = present;
        let answer = match self.calls[call].asked.take() {
            Some(Asked::Load(known)) => Answer::Loaded(match &self.document {
                None => Loaded::Absent,
                Some(present) => {
                    let version = name(present.version);
                    if known.as_ref() == Some(&version) {
                        Loaded::NotModified
                    } else {
                        let bytes = present.document.clone();
                        Loaded::Document { bytes, version }
                    }
                }
            }),
            Some(Asked::Replace(expected, document)) => {
                let present = self.document.as_ref().map(|present| name(present.version));
                if present == expected {
                    let version = self.put(document, expected.is_none());
                    self.calls[call].version = version;
                    Answer::Replaced(Replaced::Done(name(version)))
                } else {
                    Answer::Replaced(Replaced::Conflict)
                }
            }
            None => return,
        };
        // It is done, and the server may never hear of it.
        if self.random.one_in(self.trouble * 2) || self.cut_until[server] > self.now {
            let after = 1000 + self.random.below(9000);
            return self.fail(call, after);
        }
        let travel = self.travel();
        self.calls[call].answer = Some(answer);
        self.happen(self.now + travel, Happens::Returns(call));
    }

    fn put(&mut self, document: Vec<u8>, created: bool) -> u64 {
        self.versions += 1;
        let committed = Committed {
            time: self.now,
            document,
            version: self.versions,
            created,
        };
        self.document = Some(committed.clone());
        self.commits.push(committed);
        self.versions
    }

    /// An operator puts an old copy back: the same bytes, and a new version.
    pub(crate) fn restore(&mut self, document: Vec<u8>) {
        self.versions += 1;
        self.document = Some(Committed {
            time: self.now,
            document,
            version: self.versions,
            created: false,
        });
    }
}

fn name(version: u64) -> Version {
    Version::from_bytes(&version.to_be_bytes())
}

/// The store, as one server sees it.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) server: usize,
}

impl Client {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Ends when so much true time has gone, and its server is not frozen.
    pub(crate) fn sleep(&self, duration: Duration) -> BackgroundFuture {
        let mut world = self.world();
        let call = world.calls.len();
        let begun = world.now;
        world.calls.push(Call {
            server: self.server,
            begun,
            version: 0,
            asked: None,
            answer: Some(Answer::Slept),
            returned: false,
            waker: None,
        });
        let at = world.now + u64::try_from(duration.as_millis()).unwrap() + 1;
        world.happen(at, Happens::Returns(call));
        drop(world);
        self.wait(call, |_| ())
    }

    fn wait<R: Send + 'static>(
        &self,
        call: usize,
        read: impl Fn(Answer) -> R + Send + Unpin + 'static,
    ) -> StoreFuture<'static, R> {
        Box::pin(Waiting {
            world: Arc::clone(&self.world),
            call,
            read,
        })
    }
}

struct Waiting<F> {
    world: Arc<Mutex<World>>,
    call: usize,
    read: F,
}

impl<R, F: Fn(Answer) -> R + Unpin> Future for Waiting<F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let mut world = self.world.lock().unwrap();
        let call = &mut world.calls[self.call];
        if call.returned
            && let Some(answer) = call.answer.take()
        {
            let (server, begun, version) = (call.server, call.begun, call.version);
            let (fresh, newest) = &mut world.fresh[server];
            // What is behind an answer that came before is dropped.
            match answer {
                Answer::Loaded(Loaded::NotModified | Loaded::Document { .. })
                    if version >= *newest =>
                {
                    (*fresh, *newest) = (begun.max(*fresh), version);
                }
                Answer::Replaced(Replaced::Done(_)) => *newest = version.max(*newest),
                _ => {}
            }
            return Poll::Ready((self.read)(answer));
        }
        call.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

fn unavailable() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "no answer")
}

impl RevocationStore for Client {
    fn load<'a>(
        &'a self,
        known: Option<&'a Version>,
    ) -> StoreFuture<'a, Result<Loaded, StoreError>> {
        let call = self.world().call(self.server, Asked::Load(known.cloned()));
        self.wait(call, |answer| match answer {
            Answer::Loaded(loaded) => Ok(loaded),
            _ => Err(unavailable()),
        })
    }

    fn replace<'a>(
        &'a self,
        expected: Option<&'a Version>,
        document: Vec<u8>,
    ) -> StoreFuture<'a, Result<Replaced, StoreError>> {
        let asked = Asked::Replace(expected.cloned(), document);
        let call = self.world().call(self.server, asked);
        self.wait(call, |answer| match answer {
            Answer::Replaced(replaced) => Ok(replaced),
            _ => Err(unavailable()),
        })
    }
}

/// What a process runs in its background.
pub(crate) type Spawned = Arc<Mutex<Vec<(usize, u64, BackgroundFuture)>>>;

/// The background of one process of a server.
pub(crate) struct ServerBackground {
    pub(crate) client: Client,
    pub(crate) process: u64,
    pub(crate) spawned: Spawned,
}

impl Background for ServerBackground {
    fn spawn(&self, task: BackgroundFuture) -> std::io::Result<()> {
        let mut spawned = self.spawned.lock().unwrap();
        spawned.push((self.client.server, self.process, task));
        Ok(())
    }

    fn sleep(&self, duration: Duration) -> BackgroundFuture {
        self.client.sleep(duration)
    }
}

/// What a server's clocks show.
#[derive(Clone)]
pub(crate) struct ServerClock {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) hands: Arc<Mutex<Hands>>,
}

pub(crate) struct Hands {
    /// How far the wall clock is ahead, in milliseconds.
    pub(crate) ahead: i64,
    /// How long the monotonic clock has stood still.
    pub(crate) stood_still: u64,
}

impl Clock for ServerClock {
    fn unix_millis(&self) -> Result<u64, TimeError> {
        let now = self.world.lock().unwrap().now;
        Ok(now.saturating_add_signed(self.hands.lock().unwrap().ahead))
    }

    fn monotonic(&self) -> Duration {
        let now = self.world.lock().unwrap().now;
        let stood_still = self.hands.lock().unwrap().stood_still;
        Duration::from_millis((now - START).saturating_sub(stood_still))
    }
}
