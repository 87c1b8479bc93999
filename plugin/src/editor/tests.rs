//! The whole window without a screen: nothing panics whatever there is to show, and what is done
//! to it reaches the host as gestures.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use egui::{Event, PointerButton, Pos2, RawInput, pos2};
use nice_plug::context::gui::GuiContextInner;
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::{Param, PluginState};

use super::*;
use crate::shared::{Axis, ModelInfo};

#[derive(Clone, Debug, PartialEq)]
enum Gesture {
    Begin(ParamPtr),
    Set(ParamPtr, f32),
    End(ParamPtr),
}

/// A host that writes down what it is told.
#[derive(Default)]
struct Host(Mutex<Vec<Gesture>>);

impl Host {
    fn note(&self, gesture: Gesture) {
        self.0.lock().unwrap().push(gesture);
    }

    fn told(&self) -> Vec<Gesture> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

// Nothing here follows the pointers.
impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.note(Gesture::Begin(param));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.note(Gesture::Set(param, normalized));
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.note(Gesture::End(param));
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
}

impl Window {
    fn new(model: ModelInfo) -> Self {
        let (sender, requests) = channel();
        let (shared, _) = Shared::new(sender);
        shared.set_model(model);
        let host = Arc::new(Host::default());
        let mut app = EditorApp { params: Arc::default(), shared, open: Weak::new() };
        let egui = egui::Context::default();
        app.open(&egui, GuiContext::new(Arc::clone(&host) as Arc<dyn GuiContextInner>));
        let size = vec2(layout::WIDTH, layout::HEIGHT);
        let mut window = Self { app, host, requests, egui, size, frames: 0 };
        (0..3).for_each(|_| window.frame(Vec::new()));
        window
    }

    fn layout(&self) -> Layout {
        Layout::new(Rect::from_min_size(Pos2::ZERO, self.size), true)
    }

    fn frame(&mut self, events: Vec<Event>) {
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
        let _ = egui.tessellate(output.shapes, output.pixels_per_point);
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
    let axis = |i| Axis { name: format!("mfcc_{i}"), input: i, low: -3.0, high: 2.5 };
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

/// A gesture is begun once, sets, and ends; what it set in the end.
fn one_gesture(told: &[Gesture], param: ParamPtr) -> f32 {
    let own: Vec<&Gesture> = told
        .iter()
        .filter(|gesture| match gesture {
            Gesture::Begin(of) | Gesture::Set(of, _) | Gesture::End(of) => *of == param,
        })
        .collect();
    assert_eq!(own.first(), Some(&&Gesture::Begin(param)), "{told:?}");
    assert_eq!(own.last(), Some(&&Gesture::End(param)));
    let inner = &own[1..own.len() - 1];
    assert!(inner.iter().all(|gesture| matches!(gesture, Gesture::Set(..))), "{told:?}");
    match inner.last() {
        Some(Gesture::Set(_, place)) => *place,
        _ => panic!("nothing was set: {told:?}"),
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
        window.app.shared.tell("An error\nof two lines", true);
        window.frame(Vec::new());
        assert_eq!(window.host.told(), []);
    }
}

#[test]
fn a_dragged_slider_is_one_gesture() {
    let mut window = Window::new(model(16));
    let timbre = window.layout().timbre;
    // The first column's middle is about 22 points from the panel's inset.
    let from = pos2(timbre.left() + theme::INSET + 22.0, timbre.center().y - 20.0);
    window.drag(from, from - vec2(0.0, 30.0));
    let told = window.host.told();
    let place = one_gesture(&told, window.app.params.axes.0[0].as_ptr());
    assert!((0.6..0.9).contains(&place), "{place}");
}

#[test]
fn the_pad_moves_two_axes_and_ends_both() {
    let mut window = Window::new(model(8));
    let pad = window.layout().pad;
    window.drag(pad.center(), pad.center() + vec2(60.0, -40.0));
    let told = window.host.told();
    let axes = &window.app.params.axes.0;
    let across = one_gesture(&told, axes[0].as_ptr());
    let up = one_gesture(&told, axes[1].as_ptr());
    assert!(across > 0.6 && up > 0.6, "{across} {up}");
}

#[test]
fn keys_and_arrows_ask_for_what_they_say() {
    let mut window = Window::new(model(2));
    let layout = window.layout();
    let key = widgets::keys::area(layout.keys.unwrap().shrink(4.0), 60).center_bottom();
    window.click(key - vec2(0.0, 3.0));
    let first = window.app.shared.next_press().unwrap();
    assert_eq!(first.key, 60);
    assert!(first.velocity > 0.8);
    let second = window.app.shared.next_press().unwrap();
    assert_eq!((second.key, second.velocity), (60, 0.0));
    // The header's arrows stand at the ends of the model's name.
    for x in 0..40 {
        window.click(pos2(layout.header.left() + 10.0 * x as f32, layout.header.center().y));
    }
    let asked: Vec<Request> = window.requests.try_iter().collect();
    assert!(asked.contains(&Request::Previous) && asked.contains(&Request::Next), "{asked:?}");
}

#[test]
fn a_closed_window_leaves_nothing_behind() {
    let mut window = Window::new(model(2));
    let keys = window.layout().keys.unwrap();
    window.frame(vec![Event::PointerMoved(keys.center())]);
    window.button(keys.center(), true);
    assert!(window.app.shared.next_press().unwrap().velocity > 0.0);
    assert!(window.app.shared.watched.load(Ordering::Relaxed));
    let Window { app, host, egui, .. } = window;
    drop(egui);
    assert!(!app.shared.watched.load(Ordering::Relaxed));
    assert_eq!(app.shared.next_press().unwrap().velocity, 0.0);
    // The host's own context is free to go.
    assert_eq!(Arc::strong_count(&host), 1);
}

#[test]
fn a_frame_takes_little_time() {
    let mut window = Window::new(model(16));
    let count = 60;
    let began = Instant::now();
    (0..count).for_each(|_| window.frame(Vec::new()));
    let frame = began.elapsed() / count;
    println!("one frame with its triangles: {frame:?}");
    // A millisecond of a core's time alone; what is asserted leaves room for busy machines.
    assert!(frame < Duration::from_millis(30), "{frame:?}");
}
