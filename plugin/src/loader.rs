//! The thread on which models are read and engines made and freed, one for each instance: a slow
//! disk under one of them stops no other.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::queue::ArrayQueue;
use wms::model::{Precision, factory};
use wms::synth::{Engine, EngineOptions};

use crate::params::{Quality, VOICES, WmsParams};
use crate::shared::{ModelInfo, Request, Shared, Source};
use crate::{bank, models};

/// Longest wait for the thread at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often the thread looks after the engine while there is one: the audio thread wakes nobody.
const PERIOD: Duration = Duration::from_millis(250);

/// The same without one.
const IDLE: Duration = Duration::from_secs(3600);

/// What goes between the loader and the audio thread.
pub struct Link {
    /// The engine that is to play next; the newest counts.
    pub arriving: ArrayQueue<Box<Engine>>,
    /// Engines that have faded out.
    pub leaving: ArrayQueue<Box<Engine>>,
}

/// What the host's thread and the loader's both work on.
struct Playing {
    loaded: Option<models::Loaded>,
    /// Counts changes: what was begun before the last one comes too late.
    changes: u32,
    /// What engines are made for, while there is an audio thread.
    sample_rate: Option<f64>,
    /// What the audio thread's engine was made with.
    made: Option<(u32, f64, Precision)>,
}

struct Core {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    link: Arc<Link>,
    playing: Mutex<Playing>,
}

/// Handle of the thread; it ends with it.
pub struct Loader {
    core: Arc<Core>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Starts the thread, which answers `requests`.
    pub fn start(params: Arc<WmsParams>, shared: Arc<Shared>, requests: Receiver<Request>) -> Self {
        let link = Link { arriving: ArrayQueue::new(1), leaving: ArrayQueue::new(4) };
        let playing = Playing { loaded: None, changes: 0, sample_rate: None, made: None };
        let link = Arc::new(link);
        let core = Arc::new(Core { params, shared, link, playing: Mutex::new(playing) });
        let restored = Arc::downgrade(&core);
        core.params.model.on_restored(move || {
            if let Some(core) = restored.upgrade() {
                core.restored();
            }
        });
        let own = Arc::clone(&core);
        let thread = std::thread::Builder::new().name("wms loader".into());
        let thread = thread.spawn(move || own.run(&requests));
        if thread.is_err() {
            core.shared.tell("no thread to load models on", true);
        }
        core.shared.set_bank(bank::scan(None));
        core.shared.request(Request::Refresh);
        Self { core, thread: thread.ok() }
    }

    /// The way to the audio thread.
    pub fn link(&self) -> Arc<Link> {
        Arc::clone(&self.core.link)
    }

    /// What is to play at this rate, if it is not the engine that was made last: the project's
    /// model, or the first of the factory. Blocks until it is there.
    ///
    /// # Errors
    /// One line, if there is no model at all.
    pub fn activate(&self, sample_rate: f64) -> Result<Option<Box<Engine>>, String> {
        self.core.activate(sample_rate)
    }

    /// There is no audio thread until the next activation.
    pub fn deactivate(&self) {
        lock(&self.core.playing).sample_rate = None;
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.core.shared.request(Request::Quit);
        let Some(thread) = self.thread.take() else { return };
        // Code that runs must not be unloaded; a disk that never answers must not hang the host.
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

fn lock(playing: &Mutex<Playing>) -> MutexGuard<'_, Playing> {
    playing.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    fn run(&self, requests: &Receiver<Request>) {
        loop {
            let is_active = lock(&self.playing).sample_rate.is_some();
            let request = match requests.recv_timeout(if is_active { PERIOD } else { IDLE }) {
                Ok(Request::Quit) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(request) => request,
                Err(RecvTimeoutError::Timeout) => Request::Wake,
            };
            // A fault in reading one file must not end all reading.
            if catch_unwind(AssertUnwindSafe(|| self.answer(&request))).is_err() {
                self.shared.tell("loading failed for an unknown reason", true);
            }
        }
    }

    fn answer(&self, request: &Request) {
        match request {
            Request::Load(source) => self.load(source),
            Request::Previous => self.step(-1),
            Request::Next => self.step(1),
            Request::Refresh => self.shared.set_bank(bank::scan(bank::user_folder())),
            // Another quality wants another engine.
            Request::Wake => self.send(&mut lock(&self.playing)),
            Request::Quit => {}
        }
        while self.link.leaving.pop().is_some() {}
    }

    fn step(&self, steps: isize) {
        let model = self.shared.model();
        if let Some(source) = bank::neighbour(&self.shared.bank(), model.source.as_ref(), steps) {
            self.load(&source);
        }
    }

    fn load(&self, source: &Source) {
        let changes = lock(&self.playing).changes;
        match models::load(source) {
            Ok(loaded) => {
                let mut playing = lock(&self.playing);
                if playing.changes != changes {
                    return;
                }
                self.shared.tell("", false);
                self.take(&mut playing, loaded);
                self.send(&mut playing);
            }
            Err(message) => self.shared.tell(message, true),
        }
    }

    /// Makes a model the one that plays and is saved.
    fn take(&self, playing: &mut Playing, loaded: models::Loaded) {
        playing.changes += 1;
        self.params.model.put(loaded.saved.clone());
        self.shared.set_model(ModelInfo { serial: playing.changes, ..loaded.info.clone() });
        playing.loaded = Some(loaded);
    }

    /// Makes an engine and sends it to the audio thread, if there is one.
    fn send(&self, playing: &mut Playing) {
        let Some(sample_rate) = playing.sample_rate else { return };
        match self.engine(playing, sample_rate) {
            Ok(Some(engine)) => drop(self.link.arriving.force_push(engine)),
            Ok(None) => {}
            Err(message) => self.shared.tell(message, true),
        }
    }

    /// An engine for what plays, unless the last one is just that.
    fn engine(
        &self,
        playing: &mut Playing,
        sample_rate: f64,
    ) -> Result<Option<Box<Engine>>, String> {
        let Some(loaded) = &playing.loaded else { return Err("there is no model".into()) };
        let precision = precision(self.params.quality.value());
        let wanted = (playing.changes, sample_rate, precision);
        if playing.made == Some(wanted) {
            return Ok(None);
        }
        let options = EngineOptions {
            sample_rate,
            max_voices: VOICES as usize,
            precision,
            ..EngineOptions::default()
        };
        let engine = Engine::new(Arc::clone(&loaded.model), &options).map_err(|e| e.to_string())?;
        playing.made = Some(wanted);
        Ok(Some(Box::new(engine)))
    }

    /// A state has come while an engine may be playing. At once, on the host's thread: what it renders
    /// next is to sound as saved.
    fn restored(&self) {
        let mut playing = lock(&self.playing);
        if playing.sample_rate.is_none() {
            return;
        }
        match self.recall(&mut playing) {
            Ok(()) => self.send(&mut playing),
            Err(message) => self.shared.tell(message, true),
        }
    }

    /// Makes the saved model the one that plays; where that is impossible another, and says so.
    fn recall(&self, playing: &mut Playing) -> Result<(), String> {
        let saved = self.params.model.get();
        let now = playing.loaded.as_ref().map(|loaded| &loaded.saved);
        if now != Some(&*saved) && saved.source.is_some() {
            match models::recall(&saved) {
                Ok((loaded, message)) => {
                    self.shared.tell(message.unwrap_or_default(), true);
                    self.take(playing, loaded);
                }
                Err(message) => self.shared.tell(message, true),
            }
        }
        if playing.loaded.is_none() {
            let first = factory::MODELS.first().ok_or("there is no factory model")?;
            let loaded = models::load(&Source::Factory(first.name.to_owned()))?;
            self.take(playing, loaded);
            if saved.source.is_some() {
                // What could not be read here may be readable elsewhere: the project keeps it.
                self.params.model.put((*saved).clone());
            }
        }
        Ok(())
    }

    fn activate(&self, sample_rate: f64) -> Result<Option<Box<Engine>>, String> {
        let mut playing = lock(&self.playing);
        self.recall(&mut playing)?;
        playing.sample_rate = Some(sample_rate);
        let engine = self.engine(&mut playing, sample_rate)?;
        if engine.is_some() {
            // What was on its way is older.
            drop(self.link.arriving.pop());
        }
        self.shared.request(Request::Wake);
        Ok(engine)
    }
}

/// What a quality means for the network.
pub fn precision(quality: Quality) -> Precision {
    match quality {
        Quality::Fast => Precision::Reduced,
        Quality::Exact => Precision::Single,
    }
}
