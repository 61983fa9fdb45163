//! The page comes up, and speaks plainly when it cannot.

use oz_browser::{Options, in_tab};

#[test]
fn the_page_loads_and_is_named() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for("#app h1").await?;
        tab.wait_gone("#boot").await?;
        tab.wait_for_text("#lessons", "Your first topic").await?;
        let title: String = tab.evaluate("document.title").await?;
        tab.screenshot("home-dark").await?;
        tab.evaluate::<String>("document.documentElement.dataset.theme = 'light'").await?;
        tab.screenshot("home-light").await?;
        if title.contains("Offset Zero") { Ok(()) } else { Err(format!("the title is {title:?}")) }
    });
}

#[test]
fn without_webassembly_the_page_says_what_to_do() {
    let options = Options { before: "delete globalThis.WebAssembly".to_owned(), ..Options::default() };
    in_tab(options, async |tab| {
        tab.wait_for_text("#boot", "Offset Zero could not start").await?;
        tab.wait_for_text("#boot", "allow WebAssembly").await?;
        tab.screenshot("no-webassembly").await
    });
}

#[test]
fn a_download_that_fails_can_be_tried_again() {
    let options = Options {
        missing: vec!["_bg.wasm".to_owned()],
        expected: vec!["404 (Not Found)".to_owned()],
        ..Options::default()
    };
    in_tab(options, async |tab| {
        tab.wait_for_text("#boot", "could not be downloaded").await?;
        tab.screenshot("download-failed").await?;
        tab.click("text=Try again").await?;
        tab.wait_for_text("#boot", "could not be downloaded").await
    });
}

#[test]
fn a_lesson_that_cannot_be_fetched_says_so_and_the_page_goes_on() {
    let options = Options {
        missing: vec!["a-leader-dies.md".to_owned()],
        expected: vec!["404 (Not Found)".to_owned()],
        ..Options::default()
    };
    in_tab(options, async |tab| {
        tab.click("#lessons button[aria-label^='A leader dies']").await?;
        tab.wait_for("text=This lesson could not be fetched.").await?;
        tab.screenshot("lesson-missing").await?;
        tab.click("#lessons button[aria-label^='Your first topic']").await?;
        tab.wait_for_text(".lhead", "Your first topic").await
    });
}

#[test]
fn after_the_first_load_the_network_is_not_needed() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.let_service_workers_answer().await?;
        tab.wait_until("document.documentElement.dataset.offline === 'ready'", "the page is put by").await?;
        tab.wait_for("text=Ready offline").await?;
        tab.cut_the_network();
        tab.reload().await?;
        tab.click("#lessons button[aria-label^='A leader dies']").await?;
        tab.wait_for_text(".lhead", "A leader dies").await?;
        tab.wait_for(".broker").await
    });
}

#[test]
fn a_page_left_open_over_an_update_says_so() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        let look = "document.dispatchEvent(new Event('visibilitychange'))";
        tab.evaluate::<bool>(look).await?;
        // As a page that was loaded before the site's files were others.
        tab.evaluate::<bool>("(document.querySelector('script[data-js]').dataset.js = '/app-of-yesterday.js', true)")
            .await?;
        let early: bool = tab.evaluate("!!document.getElementById('update')").await?;
        if early {
            return Err("there was nothing new yet".to_owned());
        }
        tab.evaluate::<bool>(look).await?;
        tab.wait_for_text("#update", "A newer version").await?;
        tab.screenshot("update").await?;
        tab.click("#update button").await?;
        tab.wait_for_text("#lessons", "Your first topic").await?;
        tab.wait_until("!document.getElementById('update')", "the page is the new one").await
    });
}

#[test]
fn an_update_of_the_engine_alone_is_seen_too() {
    in_tab(Options::default(), async |tab| {
        tab.wait_for_text("#lessons", "Your first topic").await?;
        let look = "document.dispatchEvent(new Event('visibilitychange'))";
        tab.evaluate::<bool>(look).await?;
        // The index stays as it was; only the engine's file is another.
        let other = "(real => window.fetch = (path, init) => init?.method === 'HEAD' ? Promise.resolve(new Response(null, { headers: { etag: 'of tomorrow' } })) : real(path, init))(window.fetch.bind(window)) !== null";
        tab.evaluate::<bool>("new Promise(done => setTimeout(() => done(true), 300))").await?;
        if tab.evaluate("!!document.getElementById('update')").await? {
            return Err("there was nothing new yet".to_owned());
        }
        tab.evaluate::<bool>(other).await?;
        tab.evaluate::<bool>(look).await?;
        tab.wait_for_text("#update", "A newer version").await
    });
}
