//! The editor in a window of the host, on an Xvfb screen that the test starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, CreateWindowAux, ImageFormat, WindowClass};

use crate::host::{Host, blocks, on, peak};

const CHILD: &str = "WMS_PLUGIN_WINDOW_CHILD";

struct Screen(Child);

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a screen in memory, and returns it with its display name; `None` if Xvfb is not installed.
fn screen() -> Option<(Screen, String)> {
    let mut child = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "+extension", "GLX"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut number = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut number).ok()?;
    Some((Screen(child), format!(":{}", number.trim())))
}

#[test]
fn the_editor_opens_draws_and_closes_while_it_plays() {
    if std::env::var_os(CHILD).is_some() {
        open_and_close();
        return;
    }
    let Some((_screen, display)) = screen() else {
        eprintln!("skipped, because Xvfb is not installed: apt install xvfb");
        return;
    };
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program)
        .args(["--exact", "window::the_editor_opens_draws_and_closes_while_it_plays"])
        .envs([(CHILD, "1"), ("DISPLAY", &display), ("LIBGL_ALWAYS_SOFTWARE", "1")])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
}

fn open_and_close() {
    let (connection, number) = x11rb::connect(None).unwrap();
    let root = &connection.setup().roots[number];
    let mut host = Host::new();
    host.play(&blocks(4800, 480), &[(0, on(60))]);
    for _ in 0..2 {
        let window = connection.generate_id().unwrap();
        connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                root.root,
                0,
                0,
                1280,
                800,
                0,
                WindowClass::INPUT_OUTPUT,
                root.root_visual,
                &CreateWindowAux::new().background_pixel(0),
            )
            .unwrap();
        connection.map_window(window).unwrap();
        connection.flush().unwrap();
        let [width, height] = host.open_editor(window);
        assert!((400..=1280).contains(&width) && (300..=800).contains(&height), "{width} {height}");
        let mut drawn = false;
        for _ in 0..40 {
            let [left, _] = host.play(&blocks(4800, 480), &[]);
            assert!(peak(&left) > 0.001, "the note sounds on while the editor is open");
            host.idle();
            std::thread::sleep(Duration::from_millis(50));
            let image = connection
                .get_image(ImageFormat::Z_PIXMAP, root.root, 0, 0, width as u16, height as u16, !0)
                .unwrap();
            let data = image.reply().unwrap().data;
            // Something is drawn when the pixels have more than one colour.
            drawn |= data.chunks_exact(4).any(|pixel| pixel[..3] != data[..3]);
            if drawn {
                break;
            }
        }
        assert!(drawn, "the editor stayed empty");
        host.close_editor();
        std::thread::sleep(Duration::from_millis(300));
        connection.destroy_window(window).unwrap();
        connection.flush().unwrap();
    }
    host.play(&blocks(4800, 480), &[]);
}
