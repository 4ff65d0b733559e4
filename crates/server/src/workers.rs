//! Threads that predict.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use backburn::{Error, Predictor};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use crate::answer::Answer;
use crate::config::Limits;
use crate::explain::explained;
use crate::metrics::Metrics;
use crate::model_name::ModelName;
use crate::predict::Prediction;
use crate::problem::Problem;
use crate::queue::Queue;
use crate::request::PredictRequest;

/// The most requests that a thread takes at a time.
const MAX_TOGETHER: usize = 64;

/// A request, and where its answer goes.
struct Job {
    request: PredictRequest,
    reply: oneshot::Sender<Result<Answer, Problem>>,
}

/// What the threads of a model work with.
#[derive(Debug)]
struct Shared {
    predictor: Arc<Predictor>,
    name: ModelName,
    metrics: Arc<Metrics>,
    limits: Limits,
}

impl Shared {
    fn prediction(&self) -> Prediction<'_> {
        Prediction {
            batches: self.predictor.batches(),
            name: &self.name,
            metrics: &self.metrics,
            limits: &self.limits,
        }
    }
}

/// Threads that predict the small requests to a model. A thread takes the requests that came while it was busy,
/// and predicts them in one pass of the networks. Dropping this ends the threads when they have answered
/// what they were given.
pub(crate) struct Workers {
    queue: Arc<Queue<Job>>,
    shared: Arc<Shared>,
    large: Arc<LargeWorkers>,
    _threads: ThreadPool,
}

/// How small requests are predicted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkerOptions {
    /// The number of threads.
    pub threads: usize,
    /// How long a request waits for others.
    pub wait: Duration,
}

impl Workers {
    /// Starts the threads of a model.
    ///
    /// # Errors
    ///
    /// The system starts no more threads.
    pub fn start(
        predictor: Arc<Predictor>,
        name: ModelName,
        (metrics, limits): (Arc<Metrics>, Limits),
        options: WorkerOptions,
        large: Arc<LargeWorkers>,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            predictor,
            name,
            metrics,
            limits,
        });
        let queue: Arc<Queue<Job>> = Arc::default();
        let (of_thread, jobs) = (shared.clone(), queue.clone());
        let threads = start(options.threads, "predict", move || {
            let prediction = of_thread.prediction();
            let share = |queued: usize| queued.div_ceil(options.threads).min(MAX_TOGETHER);
            let enough = match options.wait.is_zero() {
                true => 0,
                false => MAX_TOGETHER,
            };
            while let Some(jobs) = jobs.take(share, enough, options.wait) {
                answer_together(&prediction, jobs);
            }
        })?;
        Ok(Self {
            queue,
            shared,
            large,
            _threads: threads,
        })
    }

    /// Predicts a request. The receiver gets the answer, or an error if this program failed.
    pub fn predict(&self, request: PredictRequest) -> oneshot::Receiver<Result<Answer, Problem>> {
        let (reply, receiver) = oneshot::channel();
        let job = Job { request, reply };
        match job.request.is_small() {
            true => self.queue.push(job),
            false => {
                let shared = self.shared.clone();
                self.large
                    .run(move || answer_alone(&shared.prediction(), job));
            }
        }
        receiver
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Threads that do what takes longer: large requests, explanations, and loading models again.
pub(crate) struct LargeWorkers {
    queue: Arc<Queue<Work>>,
    _threads: ThreadPool,
}

type Work = Box<dyn FnOnce() + Send>;

impl LargeWorkers {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// The system starts no more threads.
    pub fn start(threads: usize) -> Result<Self, Error> {
        let queue: Arc<Queue<Work>> = Arc::default();
        let work = queue.clone();
        let threads = start(threads, "predict-large", move || {
            while let Some(work) = work.take_one() {
                let _ = catch_unwind(AssertUnwindSafe(work));
            }
        })?;
        Ok(Self {
            queue,
            _threads: threads,
        })
    }

    /// Runs a function on one of the threads.
    pub fn run(&self, work: impl FnOnce() + Send + 'static) {
        self.queue.push(Box::new(work));
    }
}

impl Drop for LargeWorkers {
    fn drop(&mut self) {
        self.queue.close();
    }
}

/// Starts threads that run a function until it ends. They are the threads of a pool of rayon: what the
/// prediction would share among threads, each of them does alone, since all others are busy with the
/// function. So the number of threads is bounded, and none waits for another.
fn start(
    threads: usize,
    name: &'static str,
    work: impl Fn() + Send + Sync + 'static,
) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |index| format!("{name}-{index}"))
        .build();
    let pool = pool.map_err(|error| Error::Failed(format!("no thread can be started: {error}")))?;
    pool.spawn_broadcast(move |_| work());
    Ok(pool)
}

/// Answers small requests. A panic drops the senders, which their receivers notice.
fn answer_together(prediction: &Prediction, jobs: Vec<Job>) {
    let jobs = jobs.into_iter().filter(|job| !job.reply.is_closed());
    let (mut requests, mut replies) = (Vec::new(), Vec::new());
    for job in jobs {
        requests.push(job.request);
        replies.push(Some(job.reply));
    }
    let _ = catch_unwind(AssertUnwindSafe(|| {
        prediction.together(&mut requests, |index, answer| {
            if let Some(reply) = replies[index].take() {
                let _ = reply.send(answer);
            }
        });
    }));
}

/// Answers a request alone. A panic drops the sender, which its receiver notices.
fn answer_alone(prediction: &Prediction, job: Job) {
    let Job { mut request, reply } = job;
    if reply.is_closed() {
        return;
    }
    let answer = match request.wants_explanations() {
        true => explained(prediction, &mut request),
        false => prediction.alone(&mut request),
    };
    let _ = reply.send(answer);
}
