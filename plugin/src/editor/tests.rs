//! The whole window without a screen. Nothing panics, whatever there is to show, and what is done with
//! the mouse reaches the host as gestures.

use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use egui::epaint::Primitive;
use egui::{Event, PointerButton, Pos2, RawInput, pos2};
use nice_plug::context::gui::GuiContextInner;
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{Param, PluginState};
use triple_buffer::Input;

use super::*;
use crate::model_info::{ModelInfo, TimbreAxis};
use crate::picture::Picture;
use crate::state::{WINDOW_HEIGHT, WINDOW_WIDTH};

#[derive(Clone, Debug, PartialEq)]
enum Gesture {
    Begin(ParamPtr),
    Set(ParamPtr, f32),
    End(ParamPtr),
}

/// A host that records the gestures it is sent.
#[derive(Default)]
struct Host(Mutex<Vec<Gesture>>);

impl Host {
    fn record(&self, gesture: Gesture) {
        self.0.lock().unwrap().push(gesture);
    }

    fn take_gestures(&self) -> Vec<Gesture> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

// The pointers are only compared, never followed.
impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.record(Gesture::Begin(param));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.record(Gesture::Set(param, normalized));
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.record(Gesture::End(param));
    }

    fn get_state(&self) -> PluginState {
        unreachable!("the editor asks for no state")
    }

    fn set_state(&self, _: PluginState) {}

    fn request_restart(&self) {}
}

struct Window {
    app: EditorApp,
    host: Arc<Host>,
    requests: Receiver<Request>,
    egui: egui::Context,
    size: egui::Vec2,
    frames: u32,
    /// The audio thread's end of the pictures.
    pictures: Input<Picture>,
}

impl Window {
    fn new(model: ModelInfo) -> Self {
        let (sender, requests) = channel();
        let (shared, pictures) = Shared::new(sender);
        shared.set_model(model);
        let host = Arc::new(Host::default());
        let mut app = EditorApp { params: Arc::default(), shared, open: Weak::new() };
        let egui = egui::Context::default();
        app.open(&egui, GuiContext::new(Arc::clone(&host) as Arc<dyn GuiContextInner>));
        let size = vec2(WINDOW_WIDTH, WINDOW_HEIGHT);
        let mut window = Self { app, host, requests, egui, size, frames: 0, pictures };
        (0..3).for_each(|_| window.frame(Vec::new()));
        window
    }

    fn layout(&self) -> WindowLayout {
        WindowLayout::new(Rect::from_min_size(Pos2::ZERO, self.size), true)
    }

    /// Draws a frame.
    fn frame(&mut self, events: Vec<Event>) {
        self.triangles(events);
    }

    /// Draws a frame, and returns the number of triangles that the graphics card would have to fill.
    fn triangles(&mut self, events: Vec<Event>) -> usize {
        self.frames += 1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(f64::from(self.frames) / 60.0),
            events,
            ..RawInput::default()
        };
        let Self { app, egui, .. } = self;
        let mut output = egui.run_ui(input, |ui| app.frame(ui));
        output.textures_delta.clear();
        let meshes = egui.tessellate(output.shapes, output.pixels_per_point);
        let triangles = meshes.iter().map(|clipped| match &clipped.primitive {
            Primitive::Mesh(mesh) => mesh.indices.len() / 3,
            Primitive::Callback(_) => 0,
        });
        triangles.sum()
    }

    /// Draws a frame while a note of 60 partials sounds.
    fn sounding_frame(&mut self) -> usize {
        let picture = self.pictures.input_buffer_mut();
        *picture = Picture { f0_hz: 220.0, partial_count: 60, ..Picture::default() };
        picture.number = u64::from(self.frames) + 1;
        picture.partials[..60].iter_mut().enumerate().for_each(|(i, p)| *p = 0.5 / (i + 1) as f32);
        picture.samples.fill(0.3);
        self.pictures.publish();
        self.triangles(Vec::new())
    }

    fn button(&mut self, pos: Pos2, pressed: bool) {
        let (button, modifiers) = (PointerButton::Primary, egui::Modifiers::NONE);
        self.frame(vec![
            Event::PointerMoved(pos),
            Event::PointerButton { pos, button, pressed, modifiers },
        ]);
    }

    fn click(&mut self, pos: Pos2) {
        self.frame(vec![Event::PointerMoved(pos)]);
        self.button(pos, true);
        self.button(pos, false);
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.frame(vec![Event::PointerMoved(from)]);
        self.button(from, true);
        for step in 1..=4 {
            self.frame(vec![Event::PointerMoved(from.lerp(to, step as f32 / 4.0))]);
        }
        self.button(to, false);
        self.frame(Vec::new());
    }
}

fn model(axes: usize) -> ModelInfo {
    let axis = |i| TimbreAxis { name: format!("mfcc_{i}"), input: i, low: -3.0, high: 2.5 };
    ModelInfo {
        serial: 1,
        name: "A model with quite a long name, longer than there is room for".to_owned(),
        axes: (0..axes).map(axis).collect(),
        voicedness: (axes > 0).then_some([-0.9, 0.1]),
        sample_rate: 44_100,
        f0_range_hz: [100.0, 900.0],
        ..ModelInfo::default()
    }
}

/// Asserts that the gestures of a parameter are exactly one, and returns the position that it ends at.
fn one_gesture(gestures: &[Gesture], param: ParamPtr) -> f32 {
    let own: Vec<&Gesture> = gestures
        .iter()
        .filter(|gesture| match gesture {
            Gesture::Begin(of) | Gesture::Set(of, _) | Gesture::End(of) => *of == param,
        })
        .collect();
    assert_eq!(own.first(), Some(&&Gesture::Begin(param)), "{gestures:?}");
    assert_eq!(own.last(), Some(&&Gesture::End(param)));
    let inner = &own[1..own.len() - 1];
    assert!(inner.iter().all(|gesture| matches!(gesture, Gesture::Set(..))), "{gestures:?}");
    match inner.last() {
        Some(Gesture::Set(_, position)) => *position,
        _ => panic!("nothing was set: {gestures:?}"),
    }
}

#[test]
fn every_model_is_shown_in_every_size() {
    for info in [ModelInfo::default(), model(0), model(1), model(16)] {
        let mut window = Window::new(info);
        for size in [vec2(300.0, 200.0), vec2(960.0, 620.0), vec2(2400.0, 1500.0)] {
            window.size = size;
            (0..3).for_each(|_| window.frame(Vec::new()));
        }
        window.app.shared.set_status("An error\nof two lines", true);
        window.frame(Vec::new());
        assert_eq!(window.host.take_gestures(), []);
    }
}

#[test]
fn a_dragged_slider_is_one_gesture() {
    let mut window = Window::new(model(16));
    let timbre = window.layout().timbre;
    // The first column's middle is about 22 points from the panel's inset.
    let from = pos2(timbre.left() + theme::INSET + 22.0, timbre.center().y - 20.0);
    window.drag(from, from - vec2(0.0, 30.0));
    let gestures = window.host.take_gestures();
    let position = one_gesture(&gestures, window.app.params.timbre.axes.0[0].as_ptr());
    assert!((0.6..0.9).contains(&position), "{position}");
}

#[test]
fn the_pad_moves_two_axes_and_ends_both() {
    let mut window = Window::new(model(8));
    let pad = window.layout().pad;
    window.drag(pad.center(), pad.center() + vec2(60.0, -40.0));
    let gestures = window.host.take_gestures();
    let axes = &window.app.params.timbre.axes.0;
    let across = one_gesture(&gestures, axes[0].as_ptr());
    let up = one_gesture(&gestures, axes[1].as_ptr());
    assert!(across > 0.6 && up > 0.6, "{across} {up}");
}

#[test]
fn keys_are_played_and_arrows_request_models() {
    let mut window = Window::new(model(2));
    let layout = window.layout();
    let key = widgets::keys::area(layout.keys.unwrap().shrink(4.0), 60).center_bottom();
    window.click(key - vec2(0.0, 3.0));
    let first = window.app.shared.next_press().unwrap();
    assert_eq!(first.key, 60);
    assert!(first.velocity > 0.8);
    let second = window.app.shared.next_press().unwrap();
    assert_eq!((second.key, second.velocity), (60, 0.0));
    // The arrows are at both ends of the model's name, in the header.
    for x in 0..40 {
        window.click(pos2(layout.header.left() + 10.0 * x as f32, layout.header.center().y));
    }
    let requests: Vec<Request> = window.requests.try_iter().collect();
    assert!(requests.contains(&Request::Previous), "{requests:?}");
    assert!(requests.contains(&Request::Next), "{requests:?}");
}

#[test]
fn a_closed_window_leaves_nothing_behind() {
    let mut window = Window::new(model(2));
    let keys = window.layout().keys.unwrap();
    window.frame(vec![Event::PointerMoved(keys.center())]);
    window.button(keys.center(), true);
    assert!(window.app.shared.next_press().unwrap().velocity > 0.0);
    assert!(window.app.shared.editor_is_open.load(Ordering::Relaxed));
    let Window { app, host, egui, .. } = window;
    drop(egui);
    assert!(!app.shared.editor_is_open.load(Ordering::Relaxed));
    assert_eq!(app.shared.next_press().unwrap().velocity, 0.0);
    // Nothing keeps the host's context alive.
    assert_eq!(Arc::strong_count(&host), 1);
}

/// Fills the scope with lines, which makes frames as large as they get.
fn sounding_window() -> Window {
    let mut window = Window::new(model(16));
    for _ in 0..2 * waterfall::LINES {
        window.sounding_frame();
    }
    window
}

#[test]
fn a_frame_has_a_bounded_number_of_triangles() {
    let at_rest = Window::new(model(16)).triangles(Vec::new());
    let sounding = sounding_window().sounding_frame();
    println!("{at_rest} triangles at rest, {sounding} while a note sounds");
    // Half as many again as when this was written: 15 000 and 84 000.
    assert!(at_rest < 22_500 && sounding < 126_000, "{at_rest} {sounding}");
}

/// Prints how long a frame takes; it is a test only because a bench cannot reach the window.
#[test]
#[ignore = "a measurement: cargo test -p wms-plugin frame_time -- --ignored --nocapture"]
fn frame_time() {
    let mut window = sounding_window();
    let count = 120;
    let time = |frame: &mut dyn FnMut() -> usize| {
        let began = Instant::now();
        for _ in 0..count {
            std::hint::black_box(frame());
        }
        began.elapsed() / count
    };
    let sounding = time(&mut || window.sounding_frame());
    let mut window = Window::new(model(16));
    let at_rest = time(&mut || window.triangles(Vec::new()));
    println!("one frame of the editor: {at_rest:?} at rest, {sounding:?} while a note sounds");
}
