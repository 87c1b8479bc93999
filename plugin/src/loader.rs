//! The thread that reads models, and that makes and frees engines.
//!
//! Each instance of the plugin has one of its own, so that a slow disk holds up no other instance.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam::queue::ArrayQueue;
use wms::model::{Precision, factory};
use wms::synth::{Engine, EngineOptions};

use crate::bank::{self, Source};
use crate::model_info::ModelInfo;
use crate::models;
use crate::params::{Quality, VOICES, WmsParams};
use crate::shared::{Request, Shared};

/// How long the destruction of the plugin waits for the thread to end.
const MAX_SHUTDOWN: Duration = Duration::from_secs(10);

/// How often the thread checks the engine while there is an audio thread. It has to look by itself,
/// because waking a thread is a system call, which the audio thread must not make.
const ACTIVE_INTERVAL: Duration = Duration::from_millis(250);

/// How often it does so while there is no audio thread.
const IDLE_INTERVAL: Duration = Duration::from_secs(3600);

/// The engines that pass between the loader and the audio thread.
pub struct EngineLink {
    /// The engine that is to play next. It holds one, and a newer one replaces it.
    pub arriving: ArrayQueue<Box<Engine>>,
    /// Engines that have faded out, for the loader to free.
    pub leaving: ArrayQueue<Box<Engine>>,
}

/// What the host's thread and the loader's thread both work on.
struct State {
    /// The model that plays.
    loaded: Option<models::Loaded>,
    /// Counts the changes of the model. A model whose loading began before the last change is dropped.
    changes: u32,
    /// The sample rate to make engines for; `None` while there is no audio thread.
    sample_rate: Option<f64>,
    /// What the last engine was made for: the count of changes, the sample rate and the precision.
    made: Option<(u32, f64, Precision)>,
}

struct Core {
    params: Arc<WmsParams>,
    shared: Arc<Shared>,
    link: Arc<EngineLink>,
    state: Mutex<State>,
}

/// The handle of the thread, which ends when the handle is dropped.
pub struct Loader {
    core: Arc<Core>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Starts the thread, which answers `requests`. If it cannot be started, the status line says so.
    pub fn start(params: Arc<WmsParams>, shared: Arc<Shared>, requests: Receiver<Request>) -> Self {
        let link = EngineLink { arriving: ArrayQueue::new(1), leaving: ArrayQueue::new(4) };
        let state = State { loaded: None, changes: 0, sample_rate: None, made: None };
        let (link, state) = (Arc::new(link), Mutex::new(state));
        let core = Arc::new(Core { params, shared, link, state });
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
            let text = "The system refused a thread, so no other model can be loaded. Close some \
                        programs, then open the project again.";
            core.shared.set_status(text, true);
        }
        core.shared.set_bank(bank::scan(None));
        core.shared.request(Request::Refresh);
        Self { core, thread: thread.ok() }
    }

    /// The engines that pass between the loader and the audio thread.
    pub fn link(&self) -> Arc<EngineLink> {
        Arc::clone(&self.core.link)
    }

    /// Makes the engine that is to play at this sample rate, and waits until it is there: with the
    /// model of the project or, if it has none, the first of the factory. Returns `None` if the engine
    /// that was made last is already the right one.
    ///
    /// # Errors
    /// One line for the user if there is no model at all.
    pub fn activate(&self, sample_rate: f64) -> Result<Option<Box<Engine>>, String> {
        self.core.activate(sample_rate)
    }

    /// Makes no more engines until the next activation, because there is no audio thread.
    pub fn deactivate(&self) {
        lock(&self.core.state).sample_rate = None;
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.core.shared.request(Request::Quit);
        let Some(thread) = self.thread.take() else { return };
        // The host may unload the library next, so its code must not be running any more. But a disk that
        // never answers must not block the host either.
        let begun = Instant::now();
        while !thread.is_finished() && begun.elapsed() < MAX_SHUTDOWN {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    fn run(&self, requests: &Receiver<Request>) {
        loop {
            let is_active = lock(&self.state).sample_rate.is_some();
            let interval = if is_active { ACTIVE_INTERVAL } else { IDLE_INTERVAL };
            let request = match requests.recv_timeout(interval) {
                Ok(Request::Quit) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(request) => request,
                Err(RecvTimeoutError::Timeout) => Request::UpdateEngine,
            };
            // A panic while one file is read must not end the thread.
            if catch_unwind(AssertUnwindSafe(|| self.answer(&request))).is_err() {
                let text = "Loading failed because of a fault in WMS, so the model before plays on. \
                            Choose another model.";
                self.shared.set_status(text, true);
            }
        }
    }

    fn answer(&self, request: &Request) {
        match request {
            Request::Load(source) => self.load(source),
            Request::Previous => self.step(-1),
            Request::Next => self.step(1),
            Request::Refresh => self.shared.set_bank(bank::scan(bank::user_folder())),
            Request::UpdateEngine => self.send_engine(&mut lock(&self.state)),
            Request::Quit => {}
        }
        while self.link.leaving.pop().is_some() {}
    }

    /// Loads the model `steps` places after the present one in the bank.
    fn step(&self, steps: isize) {
        let model = self.shared.model();
        if let Some(source) = self.shared.bank().neighbour(model.source.as_ref(), steps) {
            self.load(&source);
        }
    }

    fn load(&self, source: &Source) {
        let changes = lock(&self.state).changes;
        match models::load(source) {
            Ok(loaded) => {
                let mut state = lock(&self.state);
                // The host has restored another model meanwhile.
                if state.changes != changes {
                    return;
                }
                self.shared.set_status("", false);
                self.adopt(&mut state, loaded);
                self.send_engine(&mut state);
            }
            Err(message) => self.shared.set_status(message, true),
        }
    }

    /// Makes a model the one that plays and is saved with the project.
    fn adopt(&self, state: &mut State, loaded: models::Loaded) {
        state.changes += 1;
        self.params.model.put(loaded.saved.clone());
        self.shared.set_model(ModelInfo { serial: state.changes, ..loaded.info.clone() });
        state.loaded = Some(loaded);
    }

    /// Sends the audio thread a new engine, if there is an audio thread and it needs one.
    fn send_engine(&self, state: &mut State) {
        let Some(sample_rate) = state.sample_rate else { return };
        match self.new_engine(state, sample_rate) {
            Ok(Some(engine)) => drop(self.link.arriving.force_push(engine)),
            Ok(None) => {}
            Err(message) => self.shared.set_status(message, true),
        }
    }

    /// Makes an engine for the model that plays, or returns `None` if the last one was made for the same
    /// model, sample rate and quality.
    fn new_engine(
        &self,
        state: &mut State,
        sample_rate: f64,
    ) -> Result<Option<Box<Engine>>, String> {
        let Some(loaded) = &state.loaded else {
            return Err("There is no model to play. Choose one in the list.".into());
        };
        let precision = precision(self.params.sound.quality.value());
        let wanted = (state.changes, sample_rate, precision);
        if state.made == Some(wanted) {
            return Ok(None);
        }
        let options = EngineOptions {
            sample_rate,
            max_voices: VOICES as usize,
            precision,
            ..EngineOptions::default()
        };
        let engine = Engine::new(Arc::clone(&loaded.model), &options).map_err(|e| e.to_string())?;
        state.made = Some(wanted);
        Ok(Some(Box::new(engine)))
    }

    /// Loads the saved model after the host has restored a state. This happens at once, on the host's
    /// thread, so that what the host renders next sounds as saved. Without an audio thread the next
    /// activation does it.
    fn restored(&self) {
        let mut state = lock(&self.state);
        if state.sample_rate.is_none() {
            return;
        }
        match self.recall(&mut state) {
            Ok(()) => self.send_engine(&mut state),
            Err(message) => self.shared.set_status(message, true),
        }
    }

    /// Makes the saved model the one that plays. If it cannot be read, the status line says so, and the
    /// model before or the first of the factory plays instead.
    fn recall(&self, state: &mut State) -> Result<(), String> {
        let saved = self.params.model.get();
        let now = state.loaded.as_ref().map(|loaded| &loaded.saved);
        if now != Some(&*saved) && saved.source.is_some() {
            match models::recall(&saved) {
                Ok((loaded, message)) => {
                    self.shared.set_status(message.unwrap_or_default(), true);
                    self.adopt(state, loaded);
                }
                Err(message) => self.shared.set_status(message, true),
            }
        }
        if state.loaded.is_none() {
            let first = factory::MODELS.first().ok_or(
                "This build of WMS has no factory models. Choose a model file in the list.",
            )?;
            let loaded = models::load(&Source::Factory(first.name.to_owned()))?;
            self.adopt(state, loaded);
            if saved.source.is_some() {
                // The project keeps the model that could not be read: another machine may have its file.
                self.params.model.put((*saved).clone());
            }
        }
        Ok(())
    }

    fn activate(&self, sample_rate: f64) -> Result<Option<Box<Engine>>, String> {
        let mut state = lock(&self.state);
        self.recall(&mut state)?;
        state.sample_rate = Some(sample_rate);
        let engine = self.new_engine(&mut state, sample_rate)?;
        if engine.is_some() {
            // An engine that is still on its way was made earlier than this one.
            drop(self.link.arriving.pop());
        }
        // The thread waits for IDLE_INTERVAL; this makes it check in ACTIVE_INTERVAL from now on.
        self.shared.request(Request::UpdateEngine);
        Ok(engine)
    }
}

/// The precision in which a quality computes the network.
pub fn precision(quality: Quality) -> Precision {
    match quality {
        Quality::Fast => Precision::Reduced,
        Quality::Exact => Precision::Single,
    }
}
