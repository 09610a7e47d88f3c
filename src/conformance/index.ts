export { conformancePage } from './page.js';
