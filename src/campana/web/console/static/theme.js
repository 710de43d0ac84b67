// Light or dark before anything is drawn: as chosen here, else as the system has it.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem('theme'); } catch { /* a browser that keeps nothing */ }
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.setAttribute('data-bs-theme', chosen || (isDark ? 'dark' : 'light'));
})();
