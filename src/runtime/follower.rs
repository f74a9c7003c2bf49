//! [`Follower`]: follows something outside of the process, such as a key ring or the revocations, as long
//! as it is used. One task loads and writes, one call at a time; everybody else reads what it took, or waits
//! for its answers.
//!
//! The task is started by whoever needs it, ends with the last handle, and when it is lost (a runtime that was
//! shut down, a fork) it is started again by the next who asks. What it carries out does not depend on who
//! asked for it and went away.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::mem::take;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io;

use tokio::sync::{Notify, oneshot};

use super::background::{Background, BackgroundFuture, process};
use super::clock::{Clock, Moment};
use super::pace::{Pace, Paces};
use super::sync::{AtomicU64, Mutex, Ordering, lock};
use crate::time::{TimeError, UnixTime};

/// How late the task may notice that the machine was suspended: a timer knows nothing of that.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The pause before a task that was lost starts again.
const RESTART: Duration = Duration::from_secs(1);

/// How much later than its pace allows a load may begin before the task is taken to be lost.
const OVERDUE: Duration = Duration::from_secs(15);

/// The pause where the clock shows no time at all.
const WITHOUT_CLOCK: Duration = Duration::from_secs(1);

/// What is followed.
pub(crate) trait Followed: Send + Sync + 'static {
    type Error: Clone + Send + Sync + 'static;

    /// One load, which begins with this call, and what it found is taken.
    fn load(&self) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Ends when what is followed says that it has changed, or may have, since the load before. What cannot say so
    /// never ends.
    fn changed(&self) -> impl Future<Output = ()> + Send;

    /// Does one thing that is to be done beside loading, such as a write.
    fn work(&self) -> impl Future<Output = Work> + Send;

    /// Whether there is such work.
    fn has_work(&self) -> bool;

    /// Whether a token hints at something that a load would bring.
    fn is_hinted(&self) -> bool;

    /// Whether what is held will do for now, so that nobody has to wait for a load.
    fn will_do(&self) -> bool;

    /// Chance, for the pace.
    fn chance(&self) -> u8;

    /// Gives up all that the task was to do. What this returns holds the answers of those who wait:
    /// they are told when it is dropped, which is done under no lock.
    fn give_up(&self) -> impl Send;

    /// The task was lost after it had begun, and what it was to do has been given up.
    fn lost(&self);

    /// What those who wait are told then.
    fn lost_error() -> Self::Error;
}

/// What became of a piece of work.
pub(crate) enum Work {
    /// There is none.
    Nothing,
    /// It is done, or one step of it.
    Done,
    /// There is some after a pause.
    After(Duration),
}

/// How a follower goes about it.
pub(crate) struct Settings {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) background: Arc<dyn Background>,
    pub(crate) paces: Paces,
    /// Loads only when somebody asks.
    pub(crate) on_use: bool,
}

pub(crate) struct Follower<F: Followed> {
    pub(crate) subject: F,
    settings: Settings,
    state: Mutex<State<F::Error>>,
    /// When the next load is overdue, in milliseconds since 1970.
    overdue: AtomicU64,
    wake: Notify,
}

type Answer<E> = oneshot::Sender<Result<(), E>>;

struct State<E> {
    pace: Pace,
    /// Those who wait for a load that begins after they asked.
    asked: Vec<Answer<E>>,
    /// What is followed has said that it has changed.
    pushed: bool,
    /// A load is under way.
    loading: bool,
    last: Result<(), E>,
    /// The process whose task follows.
    running: Option<u32>,
    /// Nobody uses it any more.
    closed: bool,
}

impl<F: Followed> Follower<F> {
    pub(crate) fn new(subject: F, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            subject,
            settings,
            state: Mutex::new(State {
                pace: Pace::default(),
                asked: Vec::new(),
                pushed: false,
                loading: false,
                last: Ok(()),
                running: None,
                closed: false,
            }),
            overdue: AtomicU64::new(u64::MAX),
            wake: Notify::new(),
        })
    }

    /// Notes a load that was made before this was.
    pub(crate) fn has_loaded(&self, begun: Moment) {
        self.note_begun(begun);
        let mut state = lock(&self.state);
        state.pace.begin(&self.settings.paces, begun, false);
        let chance = self.subject.chance();
        state
            .pace
            .end(&self.settings.paces, false, Duration::ZERO, chance);
    }

    fn note_begun(&self, begun: Moment) {
        let at_most = self.settings.paces.longest().saturating_mul(2);
        let millis = at_most.saturating_add(OVERDUE).as_millis();
        let millis = u64::try_from(millis).unwrap_or(u64::MAX);
        let overdue = begun.wall.as_millis().saturating_add(millis);
        self.overdue.store(overdue, Ordering::Relaxed);
    }

    /// To be called often. Where the task was lost, such as in a forked process, it starts again.
    #[inline]
    pub(crate) fn glance(self: &Arc<Self>, now: UnixTime) {
        if now.to_epoch().as_millis() > self.overdue.load(Ordering::Relaxed) {
            self.look_about();
        }
    }

    fn moment(&self) -> Result<Moment, TimeError> {
        Moment::now(&*self.settings.clock)
    }

    /// In a forked process nothing goes on of what its parent has begun, and nobody waits for it: the
    /// parent does it. To be called before anything is asked for.
    pub(crate) fn leave_parent(&self) {
        let mut state = lock(&self.state);
        if state.running.is_none_or(|of| of == process()) {
            return;
        }
        (state.running, state.loading) = (None, false);
        let given_up = (take(&mut state.asked), self.subject.give_up());
        drop(state);
        drop(given_up);
        self.subject.lost();
    }

    /// Starts the task, unless it runs, and sees to it that it looks about.
    pub(crate) fn nudge(self: &Arc<Self>) -> io::Result<()> {
        let mut state = lock(&self.state);
        if state.running != Some(process()) {
            state.running = Some(process());
            drop(state);
            self.start(false)?;
        }
        self.wake.notify_one();
        Ok(())
    }

    /// Starts the task; `again` after it was lost. Where it cannot be run it is dropped, and notes it.
    fn start(self: &Arc<Self>, again: bool) -> io::Result<()> {
        let task = Running {
            follower: Arc::clone(self),
            has_begun: false,
            again,
        };
        self.settings.background.spawn(Box::pin(task.follow()))
    }

    /// A token hints at news, or what is held is too old. Where the task was lost, such as in a forked
    /// process, it starts again; if it cannot, the next who asks is told. What is loaded on use is left
    /// to those who ask.
    #[cold]
    pub(crate) fn look_about(self: &Arc<Self>) {
        self.leave_parent();
        if !self.settings.on_use {
            let _ = self.nudge();
        }
    }

    /// The task ends when it has done what was asked for.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
        self.wake.notify_one();
    }

    /// The answer of a load that begins after this call; others who wait for it share it.
    pub(crate) fn refresh(
        self: &Arc<Self>,
    ) -> impl Future<Output = Result<(), F::Error>> + Send + use<F> {
        let (answer, answered) = oneshot::channel();
        self.leave_parent();
        lock(&self.state).asked.push(answer);
        let begun = self.nudge();
        async move {
            begun.map_err(|_| F::lost_error())?;
            answered.await.unwrap_or_else(|_| Err(F::lost_error()))
        }
    }

    /// Loads if a load is due. One asks; others go on with what is held, if that will do.
    pub(crate) fn refresh_if_due(
        self: &Arc<Self>,
    ) -> impl Future<Output = Result<(), F::Error>> + Send + use<F> {
        self.leave_parent();
        let wanted = self.moment().map(|now| {
            let state = lock(&self.state);
            let under_way = state.loading || !state.asked.is_empty();
            let due = self.wait(&state, now).is_zero();
            if (due || under_way) && !(under_way && self.subject.will_do()) {
                return Ok(true);
            }
            // What has just failed is not asked again for everybody who comes.
            if self.subject.will_do() {
                Ok(false)
            } else {
                state.last.clone().map(|()| false)
            }
        });
        // Where there is no time, the load says so.
        let wanted = wanted.unwrap_or(Ok(true));
        let refreshed = matches!(wanted, Ok(true)).then(|| self.refresh());
        async move {
            match refreshed {
                Some(refreshed) => refreshed.await,
                None => wanted.map(drop),
            }
        }
    }

    /// How long until a load is due.
    fn wait(&self, state: &State<F::Error>, now: Moment) -> Duration {
        let hinted = self.subject.is_hinted();
        state.pace.wait(&self.settings.paces, now, hinted)
    }

    /// How long the task may sleep before it loads; none: until it is asked.
    fn until_load(&self) -> Option<Duration> {
        let state = lock(&self.state);
        if !state.asked.is_empty() {
            return Some(Duration::ZERO);
        }
        if self.settings.on_use || state.closed {
            return None;
        }
        let Ok(now) = self.moment() else {
            return Some(WITHOUT_CLOCK);
        };
        let wait = self.wait(&state, now);
        if state.pushed {
            return Some(wait.min(state.pace.wait_pushed(&self.settings.paces, now)));
        }
        Some(wait)
    }

    /// Whether the task is to end. What was asked for by the last that used it is done before.
    fn ends(&self) -> bool {
        let mut state = lock(&self.state);
        let ends = state.closed && state.asked.is_empty() && !self.subject.has_work();
        if ends {
            state.running = None;
        }
        ends
    }

    /// One load for all who have asked until now.
    async fn load(&self) {
        let begun = self.moment();
        if let Ok(begun) = begun {
            self.note_begun(begun);
        }
        let asked = {
            let mut state = lock(&self.state);
            if let Ok(now) = begun {
                let hinted = self.subject.is_hinted();
                state.pace.begin(&self.settings.paces, now, hinted);
            }
            (state.loading, state.pushed) = (true, false);
            take(&mut state.asked)
        };
        let result = self.subject.load().await;
        let chance = self.subject.chance();
        let took = match (begun, self.moment()) {
            (Ok(begun), Ok(now)) => now.since(begun),
            _ => Duration::ZERO,
        };
        {
            let mut state = lock(&self.state);
            let failed = result.is_err();
            state.pace.end(&self.settings.paces, failed, took, chance);
            state.loading = false;
            state.last = result.clone();
        }
        for answer in asked {
            // Whoever asked may have gone.
            let _ = answer.send(result.clone());
        }
    }
}

/// The task, from its start to its end, whatever ends it.
struct Running<F: Followed> {
    follower: Arc<Follower<F>>,
    has_begun: bool,
    /// One before it was lost, perhaps at once.
    again: bool,
}

impl<F: Followed> Running<F> {
    async fn follow(mut self) {
        if self.again {
            self.follower.settings.background.sleep(RESTART).await;
        }
        self.has_begun = true;
        let this = &*self.follower;
        let mut pause: Option<BackgroundFuture> = None;
        // None once it has said so, until the load that follows.
        let mut changed = pin!(None);
        loop {
            let until_load = this.until_load();
            if until_load.is_some_and(|wait| wait.is_zero()) {
                this.load().await;
                if changed.is_none() && !this.settings.on_use {
                    changed.set(Some(this.subject.changed()));
                }
            }
            let mut nothing = false;
            if pause.is_none() {
                match this.subject.work().await {
                    Work::Done => continue,
                    Work::After(wait) => pause = Some(this.settings.background.sleep(wait)),
                    Work::Nothing => nothing = true,
                }
            }
            if nothing && this.ends() {
                break;
            }
            let until_load = this.until_load();
            // Where a load is due all the time, the rest is polled between any two.
            let is_due = until_load.is_some_and(|wait| wait.is_zero());
            let sleep = until_load
                .filter(|_| !is_due)
                .map(|wait| wait.min(LONGEST_SLEEP));
            let mut sleep = sleep.map(|wait| this.settings.background.sleep(wait));
            let mut woken = pin!(this.wake.notified());
            poll_fn(|context| {
                let mut ready = woken.as_mut().poll(context).is_ready() | is_due;
                if let Some(sleep) = &mut sleep {
                    ready |= sleep.as_mut().poll(context).is_ready();
                }
                if let Some(says) = changed.as_mut().as_pin_mut()
                    && says.poll(context).is_ready()
                {
                    changed.set(None);
                    lock(&this.state).pushed = true;
                    ready = true;
                }
                if let Some(waits) = &mut pause
                    && waits.as_mut().poll(context).is_ready()
                {
                    (pause, ready) = (None, true);
                }
                if ready {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
        }
    }
}

impl<F: Followed> Drop for Running<F> {
    fn drop(&mut self) {
        let follower = &self.follower;
        let mut state = lock(&follower.state);
        if state.running.take().is_none() {
            return;
        }
        // A runtime that is shut down takes no new task, and drops it before it has begun.
        let again = self.has_begun && !state.closed;
        state.running = again.then(process);
        state.loading = false;
        // Those who wait are told by that their senders are dropped.
        let given_up = (take(&mut state.asked), follower.subject.give_up());
        drop(state);
        drop(given_up);
        if self.has_begun {
            follower.subject.lost();
        }
        if again {
            // One that cannot be run is dropped, and notes it.
            let _ = follower.start(true);
        }
    }
}
