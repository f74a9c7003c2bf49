//! One run: servers with clocks and tasks of their own, and an operator who loses the store or puts an old
//! copy back. What people do, and what befalls the servers meanwhile, is in `people`.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::time::Duration;

use sealed_session::{
    Codec, Context, DocumentCodec, Epoch, Key, KeyRing, Randomness, RefreshError, RevocationEvent,
    RevocationState, RevocationView, Revocations, Scope, ScopeKind, Scopes, Session, SessionData,
    Sessions, UnixTime,
};
use serde::{Deserialize, Serialize};

use super::network::{Client, Hands, START, ServerBackground, ServerClock, Spawned, Time, World};
use super::truth::{Counts, Knowledge, Truth};

mod people;

const AUDIENCE: &str = "shop.example";
const USERS: u64 = 24;
const TENANTS: u64 = 4;

/// Lifetimes and intervals, in milliseconds.
const IDLE: u64 = 60_000;
const ABSOLUTE: u64 = 240_000;
const INTERVAL: u64 = 8_000;
const STALENESS: u64 = 24_000;
const SKEW: u64 = 4_000;

const USER: ScopeKind<u64> = ScopeKind::new("user");
const TENANT: ScopeKind<u64> = ScopeKind::new("tenant");

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Account {
    user: u64,
}

impl Account {
    pub(crate) fn scopes(self) -> [Scope; 2] {
        [
            Scope::new(USER, self.user),
            Scope::new(TENANT, self.user % TENANTS),
        ]
    }
}

impl SessionData for Account {
    const NAME: &'static str = "session";
    const SCHEMA: u32 = 1;
    fn scopes(&self, scopes: &mut Scopes<'_>) {
        scopes.add(USER, self.user);
        scopes.add(TENANT, self.user % TENANTS);
    }
}

static KEYS: LazyLock<KeyRing> = LazyLock::new(|| {
    let bytes = std::array::from_fn(|i| i as u8 * 3 + 1);
    KeyRing::from_key(Key::from_bytes(&bytes).unwrap())
});

/// Opens whatever its times and epoch are: for who knows the truth.
pub(crate) fn open_unchecked(
    codec: &Codec<Account>,
    value: &str,
    state: &RevocationState,
) -> Session<Account> {
    let never = RevocationState::from_parts(state.clock(), Epoch::ZERO, []).unwrap();
    // Long before it expires, by a clock that is that far behind.
    let context = Context::new(UnixTime::from_secs(0), RevocationView::current(&never));
    codec.open(value, &context).unwrap()
}

/// A process on a server.
struct Server {
    process: u64,
    sessions: Sessions<Account>,
    hands: Arc<Mutex<Hands>>,
    frozen_until: Time,
    /// Loads on use, not by a task.
    on_use: bool,
    knowledge: Arc<Mutex<Knowledge>>,
}

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Running {
    server: usize,
    process: u64,
    task: Task,
}

/// Notes which task to poll.
struct Ready {
    task: usize,
    ready: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.ready.lock().unwrap().push(self.task);
    }
}

pub(crate) struct Run {
    world: Arc<Mutex<World>>,
    truth: Arc<Mutex<Truth>>,
    servers: Vec<Server>,
    tasks: HashMap<usize, Running>,
    next_task: usize,
    spawned: Spawned,
    ready: Arc<Mutex<Vec<usize>>>,
    end: Time,
    max_entries: usize,
    accepting: bool,
    /// Copies of the store that an operator has kept.
    backups: Vec<(usize, Vec<u8>)>,
}

/// What a reminder is for.
const WORK: u64 = 0;
const LOSE: u64 = 1;
const RESTORE: u64 = 2;
const REMAKE: u64 = 3;
const BACK_UP: u64 = 4;
const THAW: u64 = 5;

/// Runs one seed. Panics where something does not hold.
pub(crate) fn run(seed: u64, servers: usize) -> Counts {
    let mut run = Run::new(seed, servers);
    run.begin(seed);
    run.go_on();
    run.truth.lock().unwrap().counts
}

impl Run {
    fn new(seed: u64, servers: usize) -> Self {
        // One more for the operator.
        let mut world = World::new(seed, servers + 1);
        world.delay = [20, 200, 3000][world.random.below(3) as usize];
        world.trouble = [10, 40, 1000][world.random.below(3) as usize];
        let minutes = 2 + world.random.below(6);
        let bounded = world.random.one_in(8);
        let accepting = world.random.one_in(6);
        let documents = DocumentCodec::new(AUDIENCE, &KEYS).unwrap();
        let long = Duration::from_secs(1 << 40);
        let codec = Codec::builder(AUDIENCE, &KEYS)
            .idle_timeout(long)
            .absolute_timeout(long)
            .skew(long)
            .dangerous_any_times()
            .build();
        // Whoever accepts stale states is held to what it knows alone.
        let staleness = if accepting { u64::MAX / 2 } else { STALENESS };
        let truth = Truth::new(documents, codec.unwrap(), staleness, bounded || accepting);
        let mut run = Self {
            world: Arc::new(Mutex::new(world)),
            truth: Arc::new(Mutex::new(truth)),
            servers: Vec::new(),
            tasks: HashMap::new(),
            next_task: 0,
            spawned: Spawned::default(),
            ready: Arc::new(Mutex::new(Vec::new())),
            end: START + minutes * 60_000,
            max_entries: if bounded { 5 } else { 1000 },
            accepting,
            backups: Vec::new(),
        };
        for server in 0..servers {
            run.boot(server);
        }
        run
    }

    fn random(&self, below: u64) -> u64 {
        self.world.lock().unwrap().random.below(below)
    }

    fn one_in(&self, n: u64) -> bool {
        self.random(n) == 0
    }

    fn now(&self) -> Time {
        self.world.lock().unwrap().now
    }

    fn client(&self, server: usize) -> Client {
        Client {
            world: Arc::clone(&self.world),
            server,
        }
    }

    fn clock(&self) -> (ServerClock, Arc<Mutex<Hands>>) {
        // Any two servers differ by the skew at the most.
        let ahead = self.random(SKEW) as i64 - (SKEW / 2) as i64;
        let hands = Arc::new(Mutex::new(Hands {
            ahead,
            stood_still: 0,
        }));
        let world = Arc::clone(&self.world);
        let clock = ServerClock {
            world,
            hands: Arc::clone(&hands),
        };
        (clock, hands)
    }

    fn revocations(
        &self,
        (server, process): (usize, u64),
        clock: ServerClock,
        on_use: bool,
    ) -> Revocations {
        let truth = Arc::clone(&self.truth);
        let random = Mutex::new(self.random(u64::MAX));
        let background = ServerBackground {
            client: self.client(server),
            process,
            spawned: Arc::clone(&self.spawned),
        };
        let builder = Revocations::shared(AUDIENCE, &KEYS, self.client(server));
        let builder = builder.background(background);
        let builder = if on_use {
            builder.refresh_on_use()
        } else {
            builder
        };
        let builder = if self.accepting {
            builder.accept_stale_states()
        } else {
            builder
        };
        builder
            .refresh_interval(Duration::from_millis(INTERVAL))
            .max_staleness(Duration::from_millis(STALENESS))
            .skew(Duration::from_millis(SKEW))
            .max_entries(self.max_entries)
            .clock(clock)
            .dangerous_randomness(move || Ok(next_bytes(&random)))
            .on_event(move |event| {
                if let RevocationEvent::Failed(RefreshError::RolledBack { .. }) = event {
                    truth.lock().unwrap().counts.rolled_back += 1;
                }
            })
            .build()
            .unwrap()
    }

    /// Starts a process, in the place of the one before.
    fn boot(&mut self, server: usize) {
        let (clock, hands) = self.clock();
        let on_use = self.one_in(2);
        let process = self
            .servers
            .get(server)
            .map_or(0, |former| former.process + 1);
        let revocations = self.revocations((server, process), clock.clone(), on_use);
        let random = Mutex::new(self.random(u64::MAX));
        let sessions = Sessions::<Account>::builder(AUDIENCE, &KEYS)
            .as_in_another_process()
            .idle_timeout(Duration::from_millis(IDLE))
            .absolute_timeout(Duration::from_millis(ABSOLUTE))
            .skew(Duration::from_millis(SKEW))
            .clock(clock)
            .dangerous_randomness(move || Ok(next_bytes(&random)))
            .revocations(revocations)
            .build()
            .unwrap();
        self.world.lock().unwrap().fresh[server] = (0, 0);
        let new = Server {
            process,
            sessions,
            hands,
            frozen_until: 0,
            on_use,
            knowledge: Arc::default(),
        };
        match self.servers.get_mut(server) {
            Some(former) => *former = new,
            None => self.servers.push(new),
        }
        self.tasks.retain(|_, running| running.server != server);
    }

    fn spawn(&mut self, server: usize, task: impl Future<Output = ()> + Send + 'static) {
        let process = self.process(server);
        let running = Running {
            server,
            process,
            task: Box::pin(task),
        };
        self.tasks.insert(self.next_task, running);
        self.ready.lock().unwrap().push(self.next_task);
        self.next_task += 1;
    }

    fn process(&self, server: usize) -> u64 {
        self.servers.get(server).map_or(0, |server| server.process)
    }

    /// Takes up what processes have spawned, unless they have ended since.
    fn take_spawned(&mut self) {
        let spawned = std::mem::take(&mut *self.spawned.lock().unwrap());
        for (server, process, task) in spawned {
            if process == self.process(server) {
                self.spawn(server, task);
            }
        }
    }

    fn poll_ready(&mut self) {
        loop {
            self.take_spawned();
            let ready = std::mem::take(&mut *self.ready.lock().unwrap());
            if ready.is_empty() {
                return;
            }
            for task in ready {
                self.poll(task);
            }
        }
    }

    fn poll(&mut self, number: usize) {
        let now = self.now();
        let Some(running) = self.tasks.get_mut(&number) else {
            return;
        };
        if let Some(server) = self.servers.get(running.server) {
            if running.process != server.process {
                self.tasks.remove(&number);
                return;
            }
            if server.frozen_until > now {
                let mut world = self.world.lock().unwrap();
                world.remind(server.frozen_until, THAW + number as u64);
                return;
            }
        }
        let ready = Arc::clone(&self.ready);
        let waker = Waker::from(Arc::new(Ready {
            task: number,
            ready,
        }));
        let mut context = TaskContext::from_waker(&waker);
        if running.task.as_mut().poll(&mut context) == Poll::Ready(()) {
            self.tasks.remove(&number);
        }
        let commits = std::mem::take(&mut self.world.lock().unwrap().commits);
        self.truth.lock().unwrap().commits(commits);
    }

    fn begin(&mut self, seed: u64) {
        self.make_store(Epoch::ZERO);
        let span = self.end - START;
        let mut world = self.world.lock().unwrap();
        world.remind(START + 2000, WORK);
        world.remind(START + span / 4, BACK_UP);
        match seed % 6 {
            0 => {
                world.remind(START + span / 2, LOSE);
                world.remind(START + span / 2 + 30_000, REMAKE);
            }
            1 => {
                world.remind(START + span / 2, RESTORE);
                world.remind(START + span / 2 + 40_000, REMAKE);
            }
            _ => {}
        }
    }

    fn go_on(&mut self) {
        loop {
            self.poll_ready();
            let step = self.world.lock().unwrap().step(self.end);
            // What reaches the store is known to who knows the truth before anybody hears of it.
            let commits = std::mem::take(&mut self.world.lock().unwrap().commits);
            self.truth.lock().unwrap().commits(commits);
            match step {
                None => return,
                Some(None) => {}
                Some(Some(WORK)) => {
                    self.work();
                    let at = self.now() + 1 + self.random(400);
                    self.world.lock().unwrap().remind(at, WORK);
                }
                Some(Some(LOSE)) => self.world.lock().unwrap().document = None,
                Some(Some(RESTORE)) => {
                    if let Some((index, document)) = self.backups.first().cloned() {
                        self.world.lock().unwrap().restore(document);
                        self.truth.lock().unwrap().restored(index);
                    }
                }
                Some(Some(REMAKE)) => {
                    let seen = self.truth.lock().unwrap().seen_by_the_operator();
                    self.world.lock().unwrap().document = None;
                    self.make_store(seen);
                }
                Some(Some(BACK_UP)) => {
                    let commits = self.truth.lock().unwrap().commits_so_far();
                    if let Some(present) = self.world.lock().unwrap().document.clone() {
                        self.backups.push((commits - 1, present.document));
                    }
                }
                Some(Some(thawed)) => self.ready.lock().unwrap().push((thawed - THAW) as usize),
            }
        }
    }

    /// A new process makes the store, and tries until it has.
    fn make_store(&mut self, seen: Epoch) {
        let operator = self.servers.len();
        let (clock, _) = self.clock();
        let revocations = self.revocations((operator, 0), clock, true);
        let client = self.client(operator);
        self.spawn(operator, async move {
            while revocations.create_store_above(seen).await.is_err() {
                client.sleep(Duration::from_millis(500)).await;
            }
        });
    }
}

fn next_bytes(random: &Mutex<u64>) -> Randomness {
    let mut state = random.lock().unwrap();
    let mut bytes = [0; 32];
    let mut sequence = crate::random::Random(*state);
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&sequence.next().to_be_bytes());
    }
    *state = sequence.0;
    Randomness::dangerous_from_bytes(bytes)
}
