// The button that ends the portal's session while the page, and the frame in it, stays open.

const button = document.querySelector('[data-end-session]');
const notice = document.getElementById('portal-notice');

button?.addEventListener('click', async () => {
  await fetch('/ui/session/end', { method: 'POST' });
  notice.textContent = 'The portal session has ended.';
});
