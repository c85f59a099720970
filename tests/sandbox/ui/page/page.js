// A page that does with the official client what a button says, and shows what came of it.

const state = document.getElementById('frame');
const answer = document.getElementById('answer');

const violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});

const actions = {
  data: (frame) => ({
    ...frame.auth.getAuthData(),
    admin: frame.auth.isAdmin,
    lang: frame.getLang(),
    install: frame.isInstallMode,
    placement: frame.placement.title,
    options: frame.placement.options,
  }),
  refreshAuth: (frame) => frame.auth.refreshAuth(),
  setTitle: (frame) => frame.parent.setTitle('Title from the frame'),
  fitWindow: (frame) => frame.parent.fitWindow(),
  resizeTall: (frame) => frame.parent.resizeWindow(900, 1500),
  resizeSmall: (frame) => frame.parent.resizeWindow(900, 100),
  scroll: (frame) => frame.parent.scrollParentWindow(150),
  openDeal: (frame) => frame.slider.openPath(frame.slider.getUrl('/crm/deal/details/1/'), 950),
  openWorkflows: (frame) => frame.slider.openPath(frame.slider.getUrl('/ui/workflows'), 950),
  openForeign: (frame) => frame.parent.message.send('openPath', { path: 'https://example.com/' }),
  openApplication: (frame) => frame.slider.openSliderAppPage({ opened: true, bx24_title: 'In the slider' }),
  closeApplication: (frame) => frame.parent.closeApplication(),
  selectUser: (frame) => frame.dialog.selectUser(),
  selectUsers: (frame) => frame.dialog.selectUsers(),
  userSet: (frame) => frame.options.userSet('colour', 'green'),
  userGet: (frame) => frame.options.userGet('colour'),
  appSet: (frame) => frame.parent.message.send('setAppOption', { name: 'shared', value: 'yes' }),
  getInterface: (frame) => frame.placement.getInterface(),
  unknown: (frame) => frame.parent.message.send('noSuchCommand', { a: 'b:c' }),
  reload: (frame) => frame.parent.reloadWindow(),
  installFinish: (frame) => frame.installFinish(),
  violations: () => violations,
};

const frameReady = B24Js.initializeB24Frame();
frameReady.then(
  () => {
    state.textContent = 'ready';
  },
  (error) => {
    state.textContent = `failed: ${error.code || error.message}`;
  },
);

for (const [name, run] of Object.entries(actions)) {
  const button = document.createElement('button');
  button.textContent = name;
  button.addEventListener('click', async () => {
    answer.textContent = 'waiting';
    try {
      const result = await run(await frameReady);
      answer.textContent = JSON.stringify(result === undefined ? null : result);
    } catch (error) {
      answer.textContent = `failed: ${error.code || error.message}`;
    }
  });
  document.getElementById('actions').append(button);
}
