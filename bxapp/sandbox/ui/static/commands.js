// What the portal's page does for each command of the frame. A command that is not here is not answered.

import { addressOf } from './paths.js';
import { choosePeople } from './people.js';
import { closeSlider, openSlider } from './slider.js';

async function ask(path, fields = {}) {
  const response = await fetch(path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    keepalive: true,
  });
  return response.ok ? response.json() : {};
}

function phpMap(value) {
  return Array.isArray(value) ? {} : value;
}

/** Commands by name; each gets the parameters and a function that answers the frame. */
export function commandsOf(data) {
  const init = data.init;
  return {
    getInitData(params, answer) {
      answer(init);
      init.FIRST_RUN = false;
    },

    getInterface(params, answer) {
      answer({ command: [], event: [] });
    },

    async refreshAuth(params, answer) {
      const pair = await ask('/ui/frame/tokens');
      if (!pair.access_token) {
        const notice = document.getElementById('portal-notice');
        if (notice) {
          notice.textContent = 'Unable to get a new token. Reload the page.';
        }
        return;
      }
      init.AUTH_ID = pair.access_token;
      init.AUTH_EXPIRES = pair.expires_in;
      init.REFRESH_ID = pair.refresh_token;
      answer({ AUTH_ID: init.AUTH_ID, AUTH_EXPIRES: init.AUTH_EXPIRES, REFRESH_ID: init.REFRESH_ID });
    },

    resizeWindow(params, answer) {
      const layout = document.getElementById('frame-layout');
      const height = Number.parseInt(params.height, 10);
      layout.style.width = params.width === '100%' ? '100%' : `${Number.parseInt(params.width, 10) || 100}px`;
      if (height > 0) {
        layout.style.height = `${height}px`;
      }
      const box = layout.getBoundingClientRect();
      answer({ width: box.width, height: box.height });
    },

    setTitle(params, answer) {
      document.getElementById('pagetitle').textContent = params.title;
      answer(params);
    },

    setScroll(params, answer) {
      if (params.scroll >= 0) {
        window.scrollTo(window.scrollX, Number.parseInt(params.scroll, 10));
      }
      answer(params);
    },

    setUserOption(params, answer) {
      init.USER_OPTIONS = { ...phpMap(init.USER_OPTIONS), [params.name]: params.value };
      ask('/ui/frame/user-option', { name: params.name, value: params.value });
      answer(params);
    },

    async setAppOption(params, answer) {
      if (data.mayInstall) {
        answer(await ask('/ui/frame/application-option', { name: params.name, value: params.value }));
      }
    },

    setInstall(params, answer) {
      ask('/ui/frame/first-run', { install: params.install ? '1' : '0' });
      answer(params);
    },

    async setInstallFinish(params) {
      const asked = params.value === false ? 'N' : 'Y';
      const { result } = await ask('/ui/frame/installed', { v: asked });
      if (data.inSlider) {
        window.parent.dispatchEvent(new CustomEvent('portal:application-installed'));
        return;
      }
      const address = new URL(window.location.href);
      address.searchParams.set('install_finished', result ? 'Y' : 'N');
      window.location.assign(address);
    },

    selectUser(params, answer) {
      choosePeople(data.people, Boolean(params.mult), answer);
    },

    reloadWindow() {
      window.location.reload();
    },

    openPath(params, answer) {
      const address = addressOf(params.path, data.appCode, data.olderPaths);
      if (address === null) {
        answer({ result: 'error', errorCode: 'PATH_NOT_AVAILABLE' });
      } else {
        openSlider(address, () => answer({ result: 'close' }));
      }
    },

    openApplication(params, answer) {
      const passed = Object.entries(params);
      const options = Object.fromEntries(passed.filter(([name]) => !name.startsWith('bx24_')));
      const query = new URLSearchParams({ IFRAME: 'Y', _title: params.bx24_title || '' });
      if (Object.keys(options).length > 0) {
        query.set('_options', JSON.stringify(options));
      }
      const open = () => {
        let again = false;
        const reopen = () => {
          again = true;
          closeSlider();
        };
        window.addEventListener('portal:application-installed', reopen, { once: true });
        openSlider(
          `/ui/app?${query}`,
          () => {
            window.removeEventListener('portal:application-installed', reopen);
            if (again) {
              open();
            } else {
              answer(undefined);
            }
          },
          { title: params.bx24_title, width: Number(params.bx24_width) || 0 },
        );
      };
      open();
    },

    closeApplication(params, answer) {
      if (data.inSlider) {
        window.parent.dispatchEvent(new CustomEvent('portal:close-slider'));
        answer(undefined);
      }
    },
  };
}
